# Pictures, and every score of them.


rule generate:
    input:
        job=job_file("generate"),
        made=upstream("generate"),
    output:
        f"{RESULTS}/generate/{{dataset}}/{{model}}/{{seed}}/manifest.json",
    log:
        f"{LOGS}/generate/{{dataset}}/{{model}}/{{seed}}.log",
    conda:
        "../envs/pixelwise.yaml"
    threads: threads_of("generate")
    resources:
        gpu=GPUS,
    shell:
        "pixelwise generate {input.job} > {log}"


rule fid:
    input:
        job=job_file("fid"),
        made=upstream("fid"),
    output:
        f"{RESULTS}/fid/{{dataset}}/{{model}}/{{seed}}/manifest.json",
    log:
        f"{LOGS}/fid/{{dataset}}/{{model}}/{{seed}}.log",
    conda:
        "../envs/pixelwise.yaml"
    threads: threads_of("fid")
    resources:
        gpu=GPUS,
    shell:
        "pixelwise fid {input.job} > {log}"


rule segment:
    input:
        job=job_file("segment"),
        made=upstream("segment"),
    output:
        f"{RESULTS}/segment/{{dataset}}/{{model}}/{{seed}}/manifest.json",
    log:
        f"{LOGS}/segment/{{dataset}}/{{model}}/{{seed}}.log",
    conda:
        "../envs/pixelwise.yaml"
    threads: threads_of("segment")
    resources:
        gpu=GPUS,
    shell:
        "pixelwise segment {input.job} > {log}"


rule restore:
    input:
        job=job_file("restore"),
        made=upstream("restore"),
    output:
        f"{RESULTS}/restore/{{protocol}}/{{model}}/{{seed}}/manifest.json",
    log:
        f"{LOGS}/restore/{{protocol}}/{{model}}/{{seed}}.log",
    conda:
        "../envs/pixelwise.yaml"
    threads: threads_of("restore")
    resources:
        gpu=GPUS,
    shell:
        "pixelwise restore {input.job} > {log}"


rule inspect:
    input:
        job=job_file("inspect"),
    output:
        f"{RESULTS}/inspect/manifest.json",
    log:
        f"{LOGS}/inspect.log",
    conda:
        "../envs/pixelwise.yaml"
    threads: threads_of("inspect")
    resources:
        gpu=GPUS,
    shell:
        "pixelwise inspect {input.job} > {log}"


rule evaluate_all:
    input:
        manifests(PLAN.of(*EVALUATED)),
