"""Hive itself, in one process: its driver and an embedded metastore, no server and no cluster. Queries run in it, or in a
local MapReduce job where the settings say so.

usage: hive_session.py PY4J_JAR JAR_DIRECTORY SCRATCH_DIRECTORY ZONE   (one request a line on stdin, one reply a line on
stdout, both JSON)

The first reply says which Hive and which parquet-java it is. {"sql": statement, "settings": {name: value, …}}: runs the
statement with these settings; the reply has "rows", the lines as Hive prints them, or "problem".
"""

import glob
import html
import json
import os
import pathlib
import re
import sys

from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

OPEN = ["lang", "lang.invoke", "lang.reflect", "io", "math", "net", "nio", "text", "time", "util"]
OPEN += ["util.concurrent", "util.concurrent.atomic", "util.regex"]
# Between rows: no value has it.
SEPARATOR = "\x1e"

LOG = """<Configuration status="warn"><Appenders><Console name="c" target="SYSTEM_ERR"><PatternLayout pattern="%d %p %c{1}: %m%n"/>
</Console></Appenders><Loggers><Root level="warn"><AppenderRef ref="c"/></Root></Loggers></Configuration>"""


def settings_of(scratch):
    return {
        # A metastore in memory, which makes its tables as they are needed.
        "javax.jdo.option.ConnectionURL": "jdbc:derby:memory:metastore;create=true",
        "datanucleus.schema.autoCreateAll": "true",
        "hive.metastore.schema.verification": "false",
        "hive.metastore.warehouse.dir": f"file:{scratch}/warehouse",
        "hive.metastore.warehouse.external.dir": f"file:{scratch}/external",
        "hive.exec.scratchdir": f"file:{scratch}/scratch",
        "hive.exec.local.scratchdir": f"{scratch}/local",
        "hive.downloaded.resources.dir": f"{scratch}/resources",
        "hive.querylog.location": f"{scratch}/queries",
        "mapreduce.jobtracker.staging.root.dir": f"{scratch}/staging",
        "mapreduce.cluster.local.dir": f"{scratch}/mapreduce",
        "fs.defaultFS": "file:///",
        "mapreduce.framework.name": "local",
        "hive.execution.engine": "mr",
        "hive.support.concurrency": "false",
        "hive.txn.manager": "org.apache.hadoop.hive.ql.lockmgr.DummyTxnManager",
        # Answers come from the files, not from what the metastore remembers of them.
        "hive.stats.autogather": "false",
        "hive.compute.query.using.stats": "false",
        "hive.query.results.cache.enabled": "false",
        "hive.msck.path.validation": "throw",
        "hive.notification.event.poll.interval": "0",
        "hive.metastore.event.db.notification.api.auth": "false",
    }


def start(py4j, jars, scratch, zone):
    conf = pathlib.Path(scratch, "conf")
    conf.mkdir(parents=True)
    values = settings_of(scratch).items()
    rows = [f"<property><name>{name}</name><value>{html.escape(value)}</value></property>" for name, value in values]
    (conf / "hive-site.xml").write_text(f"<configuration>{''.join(rows)}</configuration>")
    (conf / "log4j2.xml").write_text(LOG)
    options = ["-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Duser.timezone={zone}"]
    options += [f"-Djava.io.tmpdir={scratch}", f"-Dderby.system.home={scratch}", "-Djava.net.preferIPv4Stack=true"]
    options += [f"-Dlog4j2.configurationFile={conf}/log4j2.xml"]
    options += [f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in OPEN]
    home = os.environ.get("JAVA_HOME")
    port = launch_gateway(
        jarpath=py4j,
        classpath=str(conf),
        javaopts=options,
        java_path="java" if home is None else f"{home}/bin/java",
        die_on_exit=True,
        redirect_stdout=sys.stderr,
        redirect_stderr=sys.stderr,
    )
    return JavaGateway(gateway_parameters=GatewayParameters(port=port))


class Hive:
    def __init__(self, gateway, jars, conf):
        self.jvm = gateway.jvm
        # Hive 3 wants its classes from a loader of this kind, which Java's own was until Java 8.
        # Hive's own first: others bring older versions of what is in it.
        paths = sorted(glob.glob(f"{jars}/*.jar"), key=lambda path: ("/hive-exec-" not in path, path))
        paths.insert(0, f"{conf}/")
        urls = gateway.new_array(gateway.jvm.java.net.URL, len(paths))
        for number, path in enumerate(paths):
            urls[number] = gateway.jvm.java.io.File(path).toURI().toURL()
        platform = gateway.jvm.java.lang.ClassLoader.getPlatformClassLoader()
        self.loader = gateway.jvm.java.net.URLClassLoader(urls, platform)
        gateway.jvm.java.lang.Thread.currentThread().setContextClassLoader(self.loader)
        self.ql = gateway.jvm.org.apache.hadoop.hive.ql
        conf = gateway.jvm.org.apache.hadoop.hive.conf.HiveConf()
        conf.setClassLoader(self.loader)
        self.state = self.ql.session.SessionState.start(self.ql.session.SessionState(conf))

    def run(self, sql, settings):
        # Each thread has a session and a loader of its own, and the gateway may take another thread.
        self.jvm.java.lang.Thread.currentThread().setContextClassLoader(self.loader)
        self.ql.session.SessionState.setCurrentSessionState(self.state)
        conf = self.jvm.org.apache.hadoop.hive.conf.HiveConf(self.state.getConf())
        for name, value in settings.items():
            conf.set(name, value)
        driver = self.ql.DriverFactory.newDriver(conf)
        try:
            refusal = refusal_of(driver.run(sql))
            if refusal is not None:
                raise RuntimeError(refusal)
            rows = []
            while driver.getFetchTask() is not None:
                page = self.jvm.java.util.ArrayList()
                if not driver.getResults(page):
                    break
                rows += self.jvm.java.lang.String.join(SEPARATOR, page).split(SEPARATOR)
            return rows
        finally:
            driver.close()
            driver.destroy()


def refusal_of(response):
    """What a statement failed with, as Hive 3 answers; Hive 4 throws instead, and its answer knows no such thing."""
    if "getResponseCode" not in dir(response) or response.getResponseCode() == 0:
        return None
    return f"{response.getErrorMessage()} {response.getException()}"


def parquet_java(jars):
    [bundle] = glob.glob(f"{jars}/parquet-hadoop-bundle-*.jar")
    return re.search(r"bundle-(.*)\.jar", bundle)[1]


def main():
    py4j, jars, scratch, zone = sys.argv[1:]
    # Whatever else prints must not get between the replies.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def reply(answer):
        print(json.dumps(answer), file=replies, flush=True)

    gateway = start(py4j, jars, scratch, zone)
    hive = Hive(gateway, jars, f"{scratch}/conf")
    version = gateway.jvm.org.apache.hive.common.util.HiveVersionInfo.getVersion()
    reply({"hive": version, "parquetJava": parquet_java(jars)})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply({"rows": hive.run(request["sql"], request["settings"])})
        except Exception as problem:  # Told to whoever asked, who ends the test with it.
            reply({"problem": f"{type(problem).__name__}: {problem}"[:6000]})
    gateway.shutdown()


if __name__ == "__main__":
    main()
