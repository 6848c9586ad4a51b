# Latency: alone on the machine, so it asks for every core.


rule time:
    input:
        job=job_file("time"),
    output:
        f"{RESULTS}/time/{{group}}/manifest.json",
    log:
        f"{LOGS}/time/{{group}}.log",
    conda:
        "../envs/pixelwise.yaml"
    threads: workflow.cores or 1
    resources:
        gpu=GPUS,
    shell:
        "pixelwise time {input.job} > {log}"
