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
        ENVIRONMENT
    threads: threads_of("train")
    resources:
        **asked_of("train"),
        gpu=gpus_of("train"),
    shell:
        "pixelwise train {input.job:q} > {log:q}"


rule train_all:
    input:
        manifests(PLAN.of("train")),
    log:
        f"{LOGS}/verify/train.log",
    conda:
        ENVIRONMENT
    params:
        chosen=verified("train"),
    shell:
        "pixelwise verify {params.chosen:q} > {log:q}"
