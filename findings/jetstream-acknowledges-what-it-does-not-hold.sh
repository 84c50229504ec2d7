#!/bin/bash
# NATS JetStream acknowledges a message as a duplicate although the stream does not hold it any more, or never did.
#
# Versions: Go modules github.com/nats-io/nats-server/v2 v2.15.2 (embedded, no cluster) and github.com/nats-io/nats.go
#   v1.55.0.
# Guess: Nats-Msg-Id keeps a message from being stored twice; a message that was purged, deleted, evicted or consumed
#   is not stored, so publishing it again stores it. A stream with the retention "interest" and no consumer stores
#   nothing, so the id is not taken. A retry of a stored message is a duplicate, whatever else it asks for.
# Behaviour: the ids live for the duplicate window (2 minutes by default) apart from the messages. After each of these
#   the acknowledgement has the old sequence and Duplicate true, and the stream stays empty. A restart of the server
#   forgets the ids of messages that are gone, so the same publish is then stored. On the other hand a retry of a
#   stored message with Nats-Expected-Last-Sequence fails with 10071 "wrong last sequence", as the sequence is checked
#   before the id.
# Why it matters: change data capture takes the LSN as id and confirms the LSN to PostgreSQL on the acknowledgement. A
#   snapshot that is published again after a purge is "accepted" and lost; rows that came before the first consumer of
#   an interest stream can't be sent again for two minutes. And the two headers together, which look safest, turn each
#   lost acknowledgement into an error that seems to say that somebody else writes.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
mkdir "$work/go" "$work/store"
cat >"$work/go/main.go" <<'GO'
// Command main publishes to an embedded server that keeps its streams in the folder of its argument.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var (
	ctx = context.Background()
	js  jetstream.JetStream
)

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return v
}

func start(folder string) func() {
	s := must(server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: folder, NoSigs: true}))
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		os.Exit(1)
	}
	conn := must(nats.Connect("", nats.InProcessServer(s)))
	js = must(jetstream.New(conn))
	return func() { conn.Close(); s.Shutdown(); s.WaitForShutdown() }
}

// publish publishes one message under the id 7 and prints the answer and the number of messages in the stream.
func publish(what, stream string, options ...jetstream.PublishOpt) {
	ack, err := js.Publish(ctx, stream, []byte("row"), append(options, jetstream.WithMsgID("7"))...)
	answer := fmt.Sprint(err)
	if err == nil {
		answer = fmt.Sprintf("sequence %d duplicate %v", ack.Sequence, ack.Duplicate)
	}
	info := must(must(js.Stream(ctx, stream)).Info(ctx))
	fmt.Printf("%s: %s, %d held\n", what, answer, info.State.Msgs)
}

func create(stream string, retention jetstream.RetentionPolicy) jetstream.Stream {
	return must(js.CreateStream(ctx, jetstream.StreamConfig{Name: stream, Subjects: []string{stream}, Retention: retention}))
}

func main() {
	stop := start(os.Args[1])
	purged := create("purged", jetstream.LimitsPolicy)
	publish("first", "purged")
	publish("again", "purged")
	if err := purged.Purge(ctx); err != nil {
		os.Exit(1)
	}
	publish("after a purge", "purged")

	deleted := create("deleted", jetstream.LimitsPolicy)
	publish("first", "deleted")
	if err := deleted.DeleteMsg(ctx, 1); err != nil {
		os.Exit(1)
	}
	publish("after it was deleted", "deleted")

	create("queue", jetstream.WorkQueuePolicy)
	consumer := must(js.CreateOrUpdateConsumer(ctx, "queue", jetstream.ConsumerConfig{Durable: "c"}))
	publish("first", "queue")
	if err := must(consumer.Next()).DoubleAck(ctx); err != nil {
		os.Exit(1)
	}
	publish("after it was consumed", "queue")

	create("interest", jetstream.InterestPolicy)
	publish("no consumer yet", "interest")
	must(js.CreateOrUpdateConsumer(ctx, "interest", jetstream.ConsumerConfig{Durable: "c"}))
	publish("with a consumer", "interest")

	stop()
	stop = start(os.Args[1])
	publish("purged, after a restart", "purged")

	create("expected", jetstream.LimitsPolicy)
	publish("first, expects 0", "expected", jetstream.WithExpectLastSequence(0))
	publish("retry, expects 0", "expected", jetstream.WithExpectLastSequence(0))
	publish("retry, expects nothing", "expected")
	stop()
}
GO
(
  cd "$work/go"
  go mod init finding
  go get github.com/nats-io/nats-server/v2@v2.15.2 github.com/nats-io/nats.go@v1.55.0
  go mod tidy
  go build -o publish .
) >/dev/null 2>&1 || { echo "the Go program does not build" >&2; exit 1; }
"$work/go/publish" "$work/store" >"$work/seen"
run_node "$work/seen" <<'JS'
const lines = require('fs').readFileSync(process.argv[2], 'utf8').trim().split('\n');
const recorded = [
  'first: sequence 1 duplicate false, 1 held', 'again: sequence 1 duplicate true, 1 held',
  'after a purge: sequence 1 duplicate true, 0 held',
  'first: sequence 1 duplicate false, 1 held', 'after it was deleted: sequence 1 duplicate true, 0 held',
  'first: sequence 1 duplicate false, 1 held', 'after it was consumed: sequence 1 duplicate true, 0 held',
  'no consumer yet: sequence 1 duplicate false, 0 held', 'with a consumer: sequence 1 duplicate true, 0 held',
  'purged, after a restart: sequence 2 duplicate false, 1 held',
  'first, expects 0: sequence 1 duplicate false, 1 held',
  'retry, expects 0: nats: nats: API error: code=400 err_code=10071 description=wrong last sequence: 1, 1 held',
  'retry, expects nothing: sequence 1 duplicate true, 1 held',
];
recorded.forEach((line, i) => lib.see(`${i + 1}`, lines[i], line));
lib.see('answers', lines.length, recorded.length);
lib.end();
JS
