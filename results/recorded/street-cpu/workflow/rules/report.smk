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
        "../envs/pixelwise.yaml"
    shell:
        "pixelwise summarise {input.job} > {log}"


rule judge:
    input:
        job=job_file("judge"),
        made=upstream("judge"),
    output:
        f"{RESULTS}/claims/manifest.json",
    log:
        f"{LOGS}/judge.log",
    conda:
        "../envs/pixelwise.yaml"
    shell:
        "pixelwise judge {input.job} > {log}"


rule figures:
    input:
        job=job_file("figures"),
        made=upstream("figures"),
    output:
        f"{RESULTS}/figures/manifest.json",
    log:
        f"{LOGS}/figures.log",
    conda:
        "../envs/pixelwise.yaml"
    shell:
        "pixelwise figures {input.job} > {log}"


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
        "../envs/pixelwise.yaml"
    shell:
        "pixelwise report {input.job} > {log}"


rule report_all:
    input:
        manifests(PLAN.of("summarise", "judge", "figures", "report")),
