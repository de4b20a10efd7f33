#!/usr/bin/env bash
# Installs the message brokers that the tests use and Debian does not have into .servers/: Kafka from its jars, the NATS
# server from its Go module, moto (SQS) from PyPI. Does nothing for those that are there.
set -euo pipefail
cd "$(dirname "$0")/.."
servers="$PWD/.servers"
kafka=4.1.1

if [ ! -e "$servers/kafka/kafka_2.13-$kafka.jar" ]; then
  work=$(mktemp -d)
  cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>trace-agent</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$kafka</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.24.3</version></dependency>
  </dependencies>
</project>
POM
  mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$servers/kafka"
  rm -rf "$work"
fi

if [ ! -x "$servers/bin/nats-server" ]; then
  GOBIN="$servers/bin" go install -trimpath -ldflags='-s -w' github.com/nats-io/nats-server/v2@v2.12.2
fi

if [ ! -e "$servers/bin/moto_server" ]; then
  [ -x "$servers/bin/python" ] || python3 -m venv "$servers"
  "$servers/bin/python" -m pip install -q --disable-pip-version-check 'moto[server]==5.2.5'
fi
