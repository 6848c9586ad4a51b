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
        ENVIRONMENT
    threads: threads_of("generate")
    resources:
        **asked_of("generate"),
        gpu=gpus_of("generate"),
    shell:
        "pixelwise generate {input.job:q} > {log:q}"


rule fid:
    input:
        job=job_file("fid"),
        made=upstream("fid"),
    output:
        f"{RESULTS}/fid/{{dataset}}/{{model}}/{{seed}}/manifest.json",
    log:
        f"{LOGS}/fid/{{dataset}}/{{model}}/{{seed}}.log",
    conda:
        ENVIRONMENT
    threads: threads_of("fid")
    resources:
        **asked_of("fid"),
        gpu=gpus_of("fid"),
    shell:
        "pixelwise fid {input.job:q} > {log:q}"


rule segment:
    input:
        job=job_file("segment"),
        made=upstream("segment"),
    output:
        f"{RESULTS}/segment/{{dataset}}/{{model}}/{{seed}}/manifest.json",
    log:
        f"{LOGS}/segment/{{dataset}}/{{model}}/{{seed}}.log",
    conda:
        ENVIRONMENT
    threads: threads_of("segment")
    resources:
        **asked_of("segment"),
        gpu=gpus_of("segment"),
    shell:
        "pixelwise segment {input.job:q} > {log:q}"


rule follow:
    input:
        job=job_file("follow"),
        made=upstream("follow"),
    output:
        f"{RESULTS}/follow/{{dataset}}/{{model}}/{{seed}}/manifest.json",
    log:
        f"{LOGS}/follow/{{dataset}}/{{model}}/{{seed}}.log",
    conda:
        ENVIRONMENT
    threads: threads_of("follow")
    resources:
        **asked_of("follow"),
        gpu=gpus_of("follow"),
    shell:
        "pixelwise follow {input.job:q} > {log:q}"


rule restore:
    input:
        job=job_file("restore"),
        made=upstream("restore"),
    output:
        f"{RESULTS}/restore/{{protocol}}/{{model}}/{{seed}}/manifest.json",
    log:
        f"{LOGS}/restore/{{protocol}}/{{model}}/{{seed}}.log",
    conda:
        ENVIRONMENT
    threads: threads_of("restore")
    resources:
        **asked_of("restore"),
        gpu=gpus_of("restore"),
    shell:
        "pixelwise restore {input.job:q} > {log:q}"


rule inspect:
    input:
        job=job_file("inspect"),
    output:
        f"{RESULTS}/inspect/{{network}}/manifest.json",
    log:
        f"{LOGS}/inspect/{{network}}.log",
    conda:
        ENVIRONMENT
    threads: threads_of("inspect")
    shell:
        "pixelwise inspect {input.job:q} > {log:q}"


rule evaluate_all:
    input:
        evaluated,
    log:
        f"{LOGS}/verify/evaluate.log",
    conda:
        ENVIRONMENT
    params:
        chosen=verified(*EVALUATED),
    shell:
        "pixelwise verify {params.chosen:q} > {log:q}"
