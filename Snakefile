# The whole replication: data, training, timing, evaluation, verdicts, figures, report.
#
#   snakemake --cores 4 all                                        the active profile of params.yaml
#   snakemake --cores 4 all --config profile=street smoke=true     another one, shrunk to minutes
#   snakemake -n all --config profile=paper                        what would run

from snakemake.utils import min_version

min_version("9.0")


# On a cluster these stay on the machine that submits: they need the internet, or seconds, or read what it holds.
localrules:
    fetch,
    weights,
    inspect,
    summarise,
    judge,
    figures,
    report,
    data_all,
    train_all,
    evaluate_all,
    report_all,


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/timing.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        manifests(PLAN.jobs),


onstart:
    preflight()


onsuccess:
    unfinished.replaced(PLAN)
    if not staleness.stale(PLAN.jobs):
        print(
            f"\npixelwise: the report of run '{PLAN.name}' is {RESULTS}/report/index.html"
        )
