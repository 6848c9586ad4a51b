# Latency: alone on the machine, so it asks for more cores than there are; Snakemake gives it all of them,
# and Slurm a node of its own.


rule time:
    input:
        job=job_file("time"),
    output:
        f"{RESULTS}/time/{{group}}/manifest.json",
    log:
        f"{LOGS}/time/{{group}}.log",
    conda:
        ENVIRONMENT
    threads: 1024
    resources:
        **asked_of("time"),
        slurm_extra=alone,
        gpu=gpus_of("time"),
    shell:
        "pixelwise time {input.job:q} > {log:q}"
