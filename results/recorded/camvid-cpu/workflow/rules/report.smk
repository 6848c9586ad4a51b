# Tables, verdicts, figures and the page.


rule summarise:
    input:
        job=job_file("summarise"),
        made=upstream("summarise"),
    output:
        f"{RESULTS}/summary/manifest.json",
    log:
        f"{LOGS}/summarise.log",
    conda:
        ENVIRONMENT
    shell:
        "pixelwise summarise {input.job:q} > {log:q}"


rule judge:
    input:
        job=job_file("judge"),
        made=upstream("judge"),
    output:
        f"{RESULTS}/claims/manifest.json",
    log:
        f"{LOGS}/judge.log",
    conda:
        ENVIRONMENT
    shell:
        "pixelwise judge {input.job:q} > {log:q}"


rule figures:
    input:
        job=job_file("figures"),
        made=upstream("figures"),
    output:
        f"{RESULTS}/figures/manifest.json",
    log:
        f"{LOGS}/figures.log",
    conda:
        ENVIRONMENT
    shell:
        "pixelwise figures {input.job:q} > {log:q}"


rule report:
    input:
        job=job_file("report"),
        made=upstream("report"),
    output:
        f"{RESULTS}/report/manifest.json",
        report(
            f"{RESULTS}/report/index.html",
            caption="../report/page.rst",
            category="Answer",
        ),
    log:
        f"{LOGS}/report.log",
    conda:
        ENVIRONMENT
    shell:
        "pixelwise report {input.job:q} > {log:q}"


rule report_all:
    input:
        manifests(PLAN.of("summarise", "judge", "figures", "report")),
    log:
        f"{LOGS}/verify/report.log",
    conda:
        ENVIRONMENT
    params:
        chosen=verified("summarise", "judge", "figures", "report"),
    shell:
        "pixelwise verify {params.chosen:q} > {log:q}"
