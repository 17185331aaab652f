"""The Spark that tests ask: small, quiet, on this machine, in UTC."""

from pyspark.sql import SparkSession


def session(cores, settings):
    """A session on so many cores; `settings` come on top of what all tests have in common."""
    builder = (
        SparkSession.builder.master(f"local[{cores}]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "1g")
        # The data are small: compiling code for them, in Java or in Spark, takes longer than running it does.
        .config("spark.driver.extraJavaOptions", "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Duser.timezone=UTC")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
    )
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
