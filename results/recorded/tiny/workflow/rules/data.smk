# Data sets and published weights: obtained, checked, resized.


rule fetch:
    input:
        job=job_file("fetch"),
    output:
        f"{DATA}/{{dataset}}/raw/manifest.json",
    log:
        f"{LOGS}/fetch/{{dataset}}.log",
    conda:
        ENVIRONMENT
    shell:
        "pixelwise fetch {input.job:q} > {log:q}"


rule prepare:
    input:
        job=job_file("prepare"),
        made=upstream("prepare"),
    output:
        f"{DATA}/{{dataset}}/prepared/manifest.json",
    log:
        f"{LOGS}/prepare/{{dataset}}.log",
    conda:
        ENVIRONMENT
    resources:
        **asked_of("prepare"),
    shell:
        "pixelwise prepare {input.job:q} > {log:q}"


rule weights:
    input:
        job=job_file("weights"),
    output:
        f"{DATA}/weights/{{weights}}/manifest.json",
    log:
        f"{LOGS}/weights/{{weights}}.log",
    conda:
        ENVIRONMENT
    shell:
        "pixelwise weights {input.job:q} > {log:q}"


rule data_all:
    input:
        manifests(PLAN.of("fetch", "prepare", "weights")),
    log:
        f"{LOGS}/verify/data.log",
    conda:
        ENVIRONMENT
    params:
        chosen=verified("fetch", "prepare", "weights"),
    shell:
        "pixelwise verify {params.chosen:q} > {log:q}"
