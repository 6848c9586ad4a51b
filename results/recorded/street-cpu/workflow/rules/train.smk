# Generators, denoisers and segmenters: trained, or converted from a published checkpoint.


rule train:
    input:
        job=job_file("train"),
        made=upstream("train"),
    output:
        f"{RESULTS}/train/{{dataset}}/{{model}}/{{seed}}/manifest.json",
    log:
        f"{LOGS}/train/{{dataset}}/{{model}}/{{seed}}.log",
    conda:
        "../envs/pixelwise.yaml"
    threads: threads_of("train")
    resources:
        gpu=GPUS,
    shell:
        "pixelwise train {input.job} > {log}"


rule train_all:
    input:
        manifests(PLAN.of("train")),
