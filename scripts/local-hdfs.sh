#!/usr/bin/env bash
# A real HDFS on this machine to try things on: one NameNode and one DataNode, run from Apache Hadoop's published jars.
# Needs Java 11 to 23 and, the first time, Maven (about 95 MB come down once per machine). Made for trials and tests:
# it listens on 127.0.0.1 only, believes everybody's name, and keeps one copy of every block.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: local-hdfs.sh <command> [options]

Commands
  start             start NameNode and DataNode, wait until files can be written, say where they listen
  stop              stop both; the files stay for the next start
  status            what runs, and where; exit code 3 when nothing does
  remove            stop both and delete everything that was stored
  start-namenode, start-datanode            start one of them, and wait for it
  kill-namenode, kill-datanode              kill -9
  pause-namenode, pause-datanode            freeze (SIGSTOP)
  resume-namenode, resume-datanode          and go on (SIGCONT)
  add-datanode      start one more DataNode, on free ports; it ends and goes with the others
  dfsadmin <arg>…   Hadoop's administration tool, e.g. dfsadmin -safemode enter
  dfs <arg>…        Hadoop's file shell, e.g. dfs -ls /
  tool <class> <arg>…  any other of its tools, e.g. tool org.apache.hadoop.hdfs.tools.CryptoAdmin -listZones
  jars              only fetch the jars, and say where they are

Options
  --state DIR           where the cluster's files, logs and settings are; default: $LOCAL_HDFS_STATE,
                        else $XDG_STATE_HOME/parquet-consolidator/local-hdfs, else the same below ~/.local/state
  --webhdfs-port N      NameNode's HTTP port (default 9870)
  --rpc-port N          NameNode's RPC port (default 8020)
  --datanode-port N     DataNode's HTTP port (default 9864); its data and IPC ports are the next two
  --free-ports          ports that are free, instead of these
  --hadoop VERSION      which Hadoop: 3.4.2 (default), 3.3.6 and 2.10.2 were tried
  -D name=value         a Hadoop property, e.g. -D dfs.namenode.fs-limits.min-block-size=1048576; may be repeated
  --owner PID           stop, and delete everything that was stored, as soon as that process has ended
Ports, version and properties count for a cluster's first start; the state directory remembers them.

Environment
  LOCAL_HDFS_JARS       where the jars are kept (default: $XDG_CACHE_HOME/parquet-consolidator, else ~/.cache/…)
  LOCAL_HDFS_HEAP       Java heap of each daemon (default 384m)
  LOCAL_HDFS_CLASS_LIST prefix of files that each daemon lists the classes in that it loads
  LOCAL_HDFS_JIT_LEVEL  how hard Java compiles: 1 starts quickly (default), 4 is faster in the long run
  JAVA_HOME             the Java to run, instead of the one on the PATH
TEXT
}

here=$(CDPATH='' cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
pom=$here/local-hdfs/pom.xml
name_node=org.apache.hadoop.hdfs.server.namenode.NameNode
data_node=org.apache.hadoop.hdfs.server.datanode.DataNode

complain() { printf 'local-hdfs.sh: %s\n' "$@" >&2; }
die() {
  complain "${@:2}"
  exit "$1"
}

# --- command line

command=${1:-help}
[ $# -eq 0 ] || shift
state=${LOCAL_HDFS_STATE:-}
# Where HOME is not set, as in some containers, TMPDIR must do.
home=${HOME:-${TMPDIR:-/tmp}}
state=${state:-${XDG_STATE_HOME:-$home/.local/state}/parquet-consolidator/local-hdfs}
webhdfs_port=9870 rpc_port=8020 datanode_port=9864 free_ports=no owner='' properties='' version=''

need() { [ $# -ge 2 ] || die 2 "$1 needs a value"; }
case $command in
  help | -h | --help)
    usage
    exit 0
    ;;
esac
while [ $# -gt 0 ]; do
  case $1 in
    --state) need "$@" && state=$2 && shift ;;
    --webhdfs-port) need "$@" && webhdfs_port=$2 && shift ;;
    --rpc-port) need "$@" && rpc_port=$2 && shift ;;
    --datanode-port) need "$@" && datanode_port=$2 && shift ;;
    --free-ports) free_ports=yes ;;
    --owner) need "$@" && owner=$2 && shift ;;
    --hadoop)
      need "$@"
      # It becomes part of a path.
      case $2 in *[!0-9A-Za-z.-]*) die 2 "--hadoop needs a version such as 3.4.2, found: $2" ;; esac
      version=$2
      shift
      ;;
    -D)
      need "$@"
      case $2 in *=*) ;; *) die 2 "-D needs name=value, found: $2" ;; esac
      properties=$properties$2$'\n'
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) break ;;
  esac
  shift
done
case $command in
  dfs | dfsadmin | tool) ;;
  *) [ $# -eq 0 ] || die 2 "unknown option: $1" 'See local-hdfs.sh --help.' ;;
esac
case $state in /*) ;; *) state=$PWD/$state ;; esac

# --- Java and the jars

java_command=java
[ -z "${JAVA_HOME:-}" ] || java_command=$JAVA_HOME/bin/java

check_java() {
  local first major
  # Asked for its version and not merely looked for: a stub that only says where to get Java is on some PATHs.
  first=$("$java_command" -version 2>&1 | sed -n 's/.* version "\([^"]*\)".*/\1/p') || first=''
  major=${first%%[.-]*}
  case $major in
    '') die 69 "no Java was found ($java_command -version does not answer)." \
      'Install one, 11 to 23 (Debian: apt install openjdk-17-jre-headless; macOS: brew install openjdk@17), or set JAVA_HOME.' ;;
    *[!0-9]*) die 69 "cannot understand the version of $java_command: $first" ;;
  esac
  if [ "$major" -lt 11 ] || [ "$major" -gt 23 ]; then
    die 69 "$java_command is Java $first; Hadoop needs 11 to 23." 'Install Java 17, or set JAVA_HOME to one.'
  fi
  # Hadoop asks for the caller's identity in a way that Java 18 to 23 have switched off.
  [ "$major" -lt 18 ] || java_options+=(-Djava.security.manager=allow)
}

java_options=(
  -XX:TieredStopAtLevel=1   -Djava.net.preferIPv4Stack=true -XX:+UseSerialGC -Xshare:auto
  --add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.net=ALL-UNNAMED
  --add-opens=java.base/java.nio=ALL-UNNAMED --add-opens=java.base/sun.nio.ch=ALL-UNNAMED
)

# Which Hadoop runs from now on.
use_version() {
  version=$1
  jars=${LOCAL_HDFS_JARS:-${XDG_CACHE_HOME:-$home/.cache}/parquet-consolidator}/hadoop-$version
}
use_version "${version:-$(sed -n 's:.*<hadoop.version>\(.*\)</hadoop.version>.*:\1:p' "$pom")}"

# Fetches the jars, and formats an empty file system with them which every new cluster starts as a copy of: both once.
fetch_jars() {
  check_java
  [ ! -e "$jars/complete" ] || return 0
  command -v mvn >/dev/null || die 69 'Maven was not found; it fetches the jars of Hadoop, once.' \
    'Install it (Debian: apt install maven; macOS: brew install maven).'
  mkdir -p "$(dirname -- "$jars")"
  local made
  made=$(mktemp -d "$jars.XXXXXX")
  # Hadoop 2 has two libraries of the same classes among its dependencies, and runs with the older one only.
  local without=()
  case $version in 2.*) without=(-DexcludeGroupIds=org.ow2.asm) ;; esac
  complain "fetching Hadoop $version into $jars (once, about 95 MB) …"
  if ! mvn -q -B -f "$pom" "-Dhadoop.version=$version" dependency:copy-dependencies -DincludeScope=runtime ${without[@]+"${without[@]}"} \
    "-DoutputDirectory=$made/lib" >"$made/maven.log" 2>&1; then
    tail -n 20 "$made/maven.log" >&2
    rm -rf "$made"
    die 69 'Maven could not fetch the jars, see above.'
  fi
  mkdir -p "$made/conf"
  printf '<configuration><property><name>fs.defaultFS</name><value>hdfs://127.0.0.1:8020</value></property>%s</configuration>\n' \
    "<property><name>dfs.namenode.name.dir</name><value>file://$made/formatted</value></property>" >"$made/conf/hdfs-site.xml"
  if ! "$java_command" "${java_options[@]}" -cp "$made/conf:$made/lib/*" "$name_node" -format -nonInteractive >"$made/format.log" 2>&1; then
    tail -n 20 "$made/format.log" >&2
    rm -rf "$made"
    die 70 'the NameNode could not format a file system, see above.'
  fi
  touch "$made/complete"
  mv "$made" "$jars"
  # Somebody else was faster, and ours went into theirs, which is as good.
  rm -rf "${jars:?}/${made##*/}"
  [ -e "$jars/complete" ] || die 70 "$jars is incomplete: delete it and try again."
}

# --- settings

property() { printf '<property><name>%s</name><value>%s</value></property>\n' "$1" "$(printf '%s' "$2" | sed 's/&/\&amp;/g; s/</\&lt;/g')"; }

# A directory that this script may fill, and empty again, is new or carries this mark.
mark='made-by-local-hdfs'

claim_state() {
  [ ! -e "$state/$mark" ] || return 0
  [ ! -e "$state" ] || { [ -d "$state" ] && [ -z "$(ls -A "$state")" ]; } ||
    die 2 "$state holds something else." 'Give the cluster a directory of its own with --state.'
  mkdir -p "$state"
  touch "$state/$mark"
}

write_settings() {
  mkdir -p "$state/conf" "$state/log"
  local webapp line
  # The published jar of HDFS has no web pages in it; without their directories its HTTP servers do not start.
  for webapp in hdfs datanode static; do
    mkdir -p "$state/conf/webapps/$webapp/WEB-INF"
    printf '<web-app xmlns="http://java.sun.com/xml/ns/javaee" version="2.5"/>\n' >"$state/conf/webapps/$webapp/WEB-INF/web.xml"
  done
  {
    echo '<configuration>'
    property fs.defaultFS "hdfs://127.0.0.1:$rpc_port"
    property hadoop.tmp.dir "$state/tmp"
    property dfs.namenode.rpc-address "127.0.0.1:$rpc_port"
    property dfs.namenode.http-address "127.0.0.1:$webhdfs_port"
    property dfs.namenode.name.dir "file://$state/namenode"
    property dfs.datanode.data.dir "file://$state/datanode"
    property dfs.datanode.http.address "127.0.0.1:$datanode_port"
    property dfs.datanode.address "127.0.0.1:$((datanode_port + 1))"
    property dfs.datanode.ipc.address "127.0.0.1:$((datanode_port + 2))"
    # Redirects to the DataNode name this host, whatever the machine is called.
    property dfs.datanode.hostname 127.0.0.1
    property dfs.client.use.datanode.hostname true
    property dfs.namenode.datanode.registration.ip-hostname-check false
    property dfs.replication 1
    property dfs.datanode.directoryscan.interval -1
    # Quick to start, to notice that a daemon died, and to close small files (each waits for this delay at least once).
    property dfs.namenode.safemode.extension 0
    property dfs.namenode.safemode.min.datanodes 1
    property dfs.heartbeat.interval 1
    property dfs.namenode.heartbeat.recheck-interval 1000
    property dfs.client.block.write.locateFollowingBlock.initial.delay.ms 10
    property ipc.client.connect.retry.interval 200
    property ipc.client.connect.max.retries 50
    property hadoop.user.group.static.mapping.overrides "$(id -un)=$(id -gn);dr.who="
    while IFS= read -r line; do
      [ -z "$line" ] || property "${line%%=*}" "${line#*=}"
    done <<<"$properties"
    echo '</configuration>'
  } >"$state/conf/hdfs-site.xml"
  # Some properties are read from this file only, others from the other only.
  cp "$state/conf/hdfs-site.xml" "$state/conf/core-site.xml"
  cat >"$state/conf/log4j.properties" <<'TEXT'
log4j.rootLogger=INFO,stderr
log4j.appender.stderr=org.apache.log4j.ConsoleAppender
log4j.appender.stderr.target=System.err
log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern=%d{ISO8601} %p %c{1}: %m%n
log4j.logger.org.apache.hadoop.util.NativeCodeLoader=ERROR
log4j.logger.org.apache.hadoop.hdfs.server.namenode.FSNamesystem.audit=WARN
TEXT
  [ -d "$state/namenode" ] || cp -R "$jars/formatted" "$state/namenode"
  # Last: a state directory with this file is complete.
  printf 'webhdfs_port=%s\nrpc_port=%s\ndatanode_port=%s\nsuperuser=%s\nhadoop=%s\n' \
    "$webhdfs_port" "$rpc_port" "$datanode_port" "${HADOOP_USER_NAME:-$(id -un)}" "$version" >"$state/settings"
}

read_settings() {
  [ -e "$state/settings" ] || die 3 "there is no cluster in $state." 'Start one: local-hdfs.sh start'
  webhdfs_port=$(sed -n 's/^webhdfs_port=//p' "$state/settings")
  rpc_port=$(sed -n 's/^rpc_port=//p' "$state/settings")
  datanode_port=$(sed -n 's/^datanode_port=//p' "$state/settings")
  local hadoop
  hadoop=$(sed -n 's/^hadoop=//p' "$state/settings")
  [ -z "$hadoop" ] || use_version "$hadoop"
}

# --- ports and requests, with what every bash has

# Whether something answers on a port of this machine.
taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

ports() { printf '%s\n' "$webhdfs_port" "$rpc_port" "$datanode_port" $((datanode_port + 1)) $((datanode_port + 2)); }

# Five in a row that nobody listens on, below those that systems give to outgoing connections.
choose_free_ports() {
  local port base
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    base=$((15000 + (RANDOM * 32768 + RANDOM) % 16000))
    for port in 0 1 2 3 4; do
      if taken $((base + port)); then continue 2; fi
    done
    webhdfs_port=$base rpc_port=$((base + 1)) datanode_port=$((base + 2))
    return 0
  done
  die 70 'found no free ports in ten tries.'
}

# Sends an HTTP request without or with a one-byte body and prints what comes back: port, method, path and query, body.
http() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf '%s %s HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s' "$2" "$3" "${#4}" "$4" >&3
    while IFS= read -r -t 10 line <&3 || [ -n "$line" ]; do printf '%s\n' "$line"; done
  ) 2>/dev/null
}

answers() { [[ $(http "$webhdfs_port" GET '/webhdfs/v1/?op=GETFILESTATUS' '') == *DIRECTORY* ]]; }

# Whether a file can really be written: the NameNode believes in a DataNode for a while after that has died.
writable() {
  local user path location written
  user=$(sed -n 's/^superuser=//p' "$state/settings")
  path=/webhdfs/v1/.local-hdfs-probe-$$
  location=$(http "$webhdfs_port" PUT "$path?op=CREATE&noredirect=true&overwrite=true&user.name=$user" '')
  [[ $location =~ \"Location\":\"http://[^/]*(/[^\"]*)\" ]] || return 1
  written=$(http "$datanode_port" PUT "${BASH_REMATCH[1]}" x)
  [[ $written == *' 201 '* ]] || return 1
  http "$webhdfs_port" DELETE "$path?op=DELETE&user.name=$user" '' >/dev/null
}

# --- daemons

# One that has ended counts as dead, also as long as nobody has asked for its exit code (Z).
alive() {
  local pid stat
  [ -s "$state/$1.pid" ] || return 1
  pid=$(cat "$state/$1.pid")
  kill -0 "$pid" 2>/dev/null || return 1
  stat=$(ps -o stat= -p "$pid" 2>/dev/null || true)
  case $stat in Z*) return 1 ;; esac
}

# Starts a daemon: its name, its class, and the directory of its settings, if it is not that of the cluster.
launch() {
  ! alive "$1" || return 0
  # No terminal's signals and none of our pipes: they live on when we have ended.
  trap '' HUP INT
  # An archive of loaded classes, where somebody made one of this class path, halves what a start costs.
  local classes=()
  if [ -e "$jars/classes.jsa" ]; then
    classes+=("-XX:SharedArchiveFile=$jars/classes.jsa")
  elif [ -n "${LOCAL_HDFS_CLASS_LIST:-}" ]; then
    classes+=("-XX:DumpLoadedClassList=$LOCAL_HDFS_CLASS_LIST.$1")
  fi
  nohup "$java_command" "-Xmx${LOCAL_HDFS_HEAP:-384m}" "-Dhadoop.log.dir=$state/log" "${java_options[@]}" \
    ${classes[@]+"${classes[@]}"} -cp "$jars/lib/*:${3:-$state/conf}" "$2" >>"$state/log/$1.log" 2>&1 </dev/null &
  printf '%s\n' $! >"$state/$1.pid"
  trap - HUP INT
}

# Waits up to two minutes, as a busy machine may need them, for as long as the daemon lives.
wait_until() {
  local daemon=$1 try
  shift
  for try in $(seq 1200); do
    if "$@"; then return 0; fi
    alive "$daemon" || return 1
    sleep 0.1
  done
  complain "the $daemon did not get ready in $((try / 10)) s."
  return 1
}

last_words() { grep -hE 'ERROR|FATAL|Exception' "$state/log/$1.log" 2>/dev/null | tail -n 5 >&2 || true; }

start_name_node() {
  launch namenode "$name_node"
  wait_until namenode answers || {
    last_words namenode
    complain "the NameNode did not start; its log: $state/log/namenode.log"
    return 1
  }
}

start_data_node() {
  launch datanode "$data_node"
  wait_until datanode writable || {
    last_words datanode
    complain "the DataNode did not start; its log: $state/log/datanode.log"
    return 1
  }
}

# The DataNodes beside the first.
more_data_nodes() {
  local file
  for file in "$state"/datanode-*.pid; do
    [ ! -e "$file" ] || basename "$file" .pid
  done
}

live_data_nodes() {
  http "$webhdfs_port" GET '/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState' '' |
    sed -n 's/.*"NumLiveDataNodes" *: *\([0-9]*\).*/\1/p'
}

more_than() { [ "$(live_data_nodes)" -gt "$1" ]; }

add_data_node() {
  local number=2 name before
  while [ -e "$state/conf-$number" ]; do number=$((number + 1)); done
  name=datanode-$number
  cp -R "$state/conf" "$state/conf-$number"
  {
    sed '/<\/configuration>/d' "$state/conf/hdfs-site.xml"
    # Of two values of one property the later one counts.
    property dfs.datanode.data.dir "file://$state/$name"
    property dfs.datanode.http.address 127.0.0.1:0
    property dfs.datanode.address 127.0.0.1:0
    property dfs.datanode.ipc.address 127.0.0.1:0
    echo '</configuration>'
  } >"$state/conf-$number/hdfs-site.xml"
  cp "$state/conf-$number/hdfs-site.xml" "$state/conf-$number/core-site.xml"
  before=$(live_data_nodes)
  launch "$name" "$data_node" "$state/conf-$number"
  wait_until "$name" more_than "$before" || {
    last_words "$name"
    die 70 "the DataNode did not start; its log: $state/log/$name.log"
  }
}

# Ends a daemon with a signal and waits until it is gone.
end_daemon() {
  local pid
  if alive "$1"; then
    pid=$(cat "$state/$1.pid")
    kill "-$2" "$pid" 2>/dev/null || true
    # A paused one hears TERM only then.
    kill -CONT "$pid" 2>/dev/null || true
    for _ in $(seq 100); do
      alive "$1" || break
      sleep 0.1
    done
    ! alive "$1" || kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$state/$1.pid"
}

stop_all() {
  # What is stored must survive a stop, so they are asked to end, and both at once.
  local daemon
  for daemon in $(more_data_nodes) datanode namenode; do ! alive "$daemon" || kill -TERM "$(cat "$state/$daemon.pid")" 2>/dev/null || true; done
  for daemon in $(more_data_nodes) datanode namenode; do end_daemon "$daemon" TERM; done
}

signal() {
  alive "$1" || die 3 "the $1 does not run."
  kill "-$2" "$(cat "$state/$1.pid")"
}

remove_all() {
  [ -e "$state/$mark" ] || return 0
  local daemon
  for daemon in $(more_data_nodes) datanode namenode; do end_daemon "$daemon" KILL; done
  rm -rf "${state:?}"/conf-* "${state:?}"/datanode-*
  # The mark goes last, so that what was interrupted can be repeated.
  local entry
  for entry in conf log tmp namenode datanode settings namenode.pid datanode.pid "$mark"; do rm -rf "${state:?}/$entry"; done
  rmdir "$state" 2>/dev/null || true
}

guard() {
  trap '' HUP INT
  (
    exec >/dev/null 2>&1 </dev/null
    # Told to end, it does what it is there for; without it the daemons would have no end.
    trap 'remove_all; exit 0' TERM
    while kill -0 "$owner" 2>/dev/null; do
      [ -e "$state/settings" ] || exit 0
      sleep 1
    done
    remove_all
  ) &
  trap - HUP INT
}

start_all() {
  local port try
  # One that was started before says itself which Hadoop it is of.
  [ ! -e "$state/settings" ] || read_settings
  fetch_jars
  claim_state
  if [ -e "$state/settings" ]; then
    read_settings
  else
    if [ "$free_ports" = yes ]; then
      choose_free_ports
    else
      for port in $(ports); do
        ! taken "$port" || die 69 "port $port is taken." 'Choose others with --webhdfs-port, --rpc-port and --datanode-port, or --free-ports.'
      done
    fi
    write_settings
  fi
  [ -z "$owner" ] || guard
  for try in 1 2 3; do
    # Both at once; they find each other.
    launch namenode "$name_node"
    launch datanode "$data_node"
    if start_name_node && start_data_node; then return 0; fi
    # Somebody may have taken one of the ports we found free a moment ago.
    [ "$free_ports" = yes ] && [ "$try" -lt 3 ] || break
    end_daemon datanode KILL
    end_daemon namenode KILL
    choose_free_ports
    write_settings
  done
  end_daemon datanode KILL
  end_daemon namenode KILL
  die 70 'HDFS did not start, see above.'
}

show() {
  read_settings
  local daemon
  for daemon in namenode datanode; do
    if alive "$daemon"; then echo "$daemon: runs, process $(cat "$state/$daemon.pid")"; else echo "$daemon: does not run"; fi
  done
  echo "WebHDFS: webhdfs://127.0.0.1:$webhdfs_port"
  echo "RPC:     hdfs://127.0.0.1:$rpc_port"
  echo "state:   $state"
  alive namenode || alive datanode || exit 3
}

case $command in
  start)
    start_all
    show
    ;;
  stop)
    read_settings
    stop_all
    ;;
  status) show ;;
  remove) remove_all ;;
  jars)
    fetch_jars
    printf '%s\n' "$jars"
    ;;
  start-namenode)
    read_settings
    check_java
    start_name_node
    ;;
  start-datanode)
    read_settings
    check_java
    start_data_node
    ;;
  kill-namenode)
    read_settings
    end_daemon namenode KILL
    ;;
  kill-datanode)
    read_settings
    end_daemon datanode KILL
    ;;
  pause-namenode) signal namenode STOP ;;
  pause-datanode) signal datanode STOP ;;
  resume-namenode) signal namenode CONT ;;
  resume-datanode) signal datanode CONT ;;
  add-datanode)
    read_settings
    check_java
    add_data_node
    ;;
  dfsadmin | dfs | tool)
    read_settings
    check_java
    case $command in
      dfsadmin) tool=org.apache.hadoop.hdfs.tools.DFSAdmin ;;
      dfs) tool=org.apache.hadoop.fs.FsShell ;;
      *)
        [ $# -gt 0 ] || die 2 'tool needs the name of a class'
        tool=$1
        shift
        ;;
    esac
    exec "$java_command" "${java_options[@]}" -cp "$state/conf:$jars/lib/*" "$tool" "$@"
    ;;
  *) die 2 "unknown command: $command" 'See local-hdfs.sh --help.' ;;
esac
