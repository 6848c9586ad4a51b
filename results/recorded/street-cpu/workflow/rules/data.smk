# Data sets and published weights: obtained, checked, resized.


rule fetch:
    input:
        job=job_file("fetch"),
    output:
        f"{DATA}/{{dataset}}/raw/manifest.json",
    log:
        f"{LOGS}/fetch/{{dataset}}.log",
    conda:
        "../envs/pixelwise.yaml"
    shell:
        "pixelwise fetch {input.job} > {log}"


rule prepare:
    input:
        job=job_file("prepare"),
        made=upstream("prepare"),
    output:
        f"{DATA}/{{dataset}}/prepared/manifest.json",
    log:
        f"{LOGS}/prepare/{{dataset}}.log",
    conda:
        "../envs/pixelwise.yaml"
    shell:
        "pixelwise prepare {input.job} > {log}"


rule weights:
    input:
        job=job_file("weights"),
    output:
        f"{DATA}/weights/{{weights}}/manifest.json",
    log:
        f"{LOGS}/weights/{{weights}}.log",
    conda:
        "../envs/pixelwise.yaml"
    shell:
        "pixelwise weights {input.job} > {log}"


rule data_all:
    input:
        manifests(PLAN.of("fetch", "prepare", "weights")),
