package cdc

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

// description is a relation message. Its columns are of type text. A * precedes the names of
// those in the replica identity.
func description(oid uint32, name string, identity byte, columns ...string) wire {
	w := append(append(wire{'R'}.u32(oid), "public\x00"+name+"\x00"...), identity).u16(uint16(len(columns)))
	for _, c := range columns {
		flag := byte(0)
		if c[0] == '*' {
			flag, c = 1, c[1:]
		}
		w = append(append(append(w, flag), c...), 0).u32(oidText).u32(0xffffffff)
	}
	return w
}

func old(kind byte, relation uint32, values ...string) wire {
	return append(wire{'D'}.u32(relation), kind).tuple(values)
}

// The old rows of partitions have what is certain and nothing else, message by message.
func TestPartitionsOldRows(t *testing.T) {
	t.Parallel()
	const root, a, b, plain = 1, 2, 3, 4
	full := []string{"*id", "*v", "*w"}
	rootFull, rootKey := description(root, "t", 'f', full...), description(root, "t", 'd', "*id", "v", "w")
	aFull, bKey := description(a, "a", 'f', "*w", "*v", "*id"), description(b, "b", 'd', "v", "*id", "w")
	const whole = `,"old_data":`
	deleted := func(data, old string) string {
		if old != "" {
			old = whole + old
		}
		return `{"event":"delete","collection_id":"t","data":` + data + old + `}`
	}
	row := append(wire{'U'}.u32(root), 'N').tuple([]string{"1", "x", "y"})
	tests := []struct {
		name     string
		messages []wire
		want     []string
	}{
		{
			"a row directly after its partition's description is that partition's",
			[]wire{rootFull, aFull, old('O', root, "1", "NULL", "NULL"), rootFull, bKey, old('O', root, "2", "NULL", "NULL"), rootFull, aFull, old('O', root, "3", "NULL", "NULL")},
			[]string{
				deleted(`{"id":"1","v":null,"w":null}`, `{"id":"1","v":null,"w":null}`), deleted(`{"id":"2"}`, ``),
				deleted(`{"id":"3","v":null,"w":null}`, `{"id":"3","v":null,"w":null}`),
			},
		},
		{
			"any other may be of each",
			[]wire{rootKey, aFull, old('K', root, "1", "x", "NULL"), rootKey, bKey, old('K', root, "2", "NULL", "NULL"), old('K', root, "3", "NULL", "NULL"), old('K', root, "4", "x", "NULL")},
			[]string{deleted(`{"id":"1"}`, `{"id":"1","v":"x","w":null}`), deleted(`{"id":"2"}`, ``), deleted(`{"id":"3"}`, ``), deleted(`{"id":"4"}`, `{"id":"4","v":"x","w":null}`)},
		},
		{
			"a change that was not sent leaves open what its description was of",
			[]wire{rootFull, bKey, description(plain, "p", 'd', "*id"), insert(plain, "1"), old('O', root, "1", "NULL", "NULL")},
			[]string{`{"event":"create","collection_id":"p","data":{"id":"1"}}`, deleted(`{"id":"1"}`, ``)},
		},
		{
			"another change of the same table was not sent",
			[]wire{rootFull, bKey, rootFull, aFull, old('O', root, "1", "NULL", "NULL"), old('O', root, "2", "NULL", "NULL")},
			[]string{deleted(`{"id":"1","v":null,"w":null}`, `{"id":"1","v":null,"w":null}`), deleted(`{"id":"2"}`, ``)},
		},
		{
			"several tables are described before they are truncated",
			[]wire{
				description(plain, "p", 'f', "*id", "*v"), description(5, "q", 'd', "*id"), append(append(wire{'T'}.u32(2), 0), wire{}.u32(plain).u32(5)...),
				append(wire{'D'}.u32(plain), 'O').tuple([]string{"1", "NULL"}),
			},
			[]string{`{"event":"truncate","collection_id":"p"}`, `{"event":"truncate","collection_id":"q"}`, `{"event":"delete","collection_id":"p","data":{"id":"1","v":null},"old_data":{"id":"1","v":null}}`},
		},
		{
			"a column gets another name, and not every partition has been described since",
			[]wire{
				rootKey, bKey, row, rootKey, description(a, "a", 'd', "*id", "v", "w"), row,
				description(root, "t", 'd', "*key", "v", "w"), description(a, "a", 'd', "*key", "v", "w"), row, old('K', root, "1", "NULL", "NULL"),
			},
			[]string{
				`{"event":"update","collection_id":"t","data":{"id":"1","v":"x","w":"y"}}`, `{"event":"update","collection_id":"t","data":{"id":"1","v":"x","w":"y"}}`,
				`{"event":"update","collection_id":"t","data":{"key":"1","v":"x","w":"y"}}`, `{"event":"delete","collection_id":"t","data":{"key":"1"}}`,
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, frames := decodeAll(t, test.messages...)
			if diff := cmp.Diff(test.want, frames); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}

	t.Run("an update without an old row, of a partition that logs other columns than the key", func(t *testing.T) {
		t.Parallel()
		changes, _ := decodeAll(t, rootKey, description(b, "b", 'i', "id", "*v", "w"), row)
		want := []wal.State{wal.Absent, wal.Text, wal.Absent}
		var got []wal.State
		for _, v := range changes[0].Old {
			got = append(got, v.State)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		// The event has the key all the same: nothing better is known.
		left := string(protocol.AppendEvent(nil, protocol.Projection{CollectionJSON: `"t"`}, protocol.Outcome{Op: wal.Delete, ByFilter: true}, &changes[0]))
		if want := `{"event":"delete","collection_id":"t","data":{"id":"1"},"reason":"filter"}`; left != want {
			t.Errorf("got %s, want %s", left, want)
		}
	})

	t.Run("more kinds than are told apart", func(t *testing.T) {
		t.Parallel()
		columns := []string{"*id"}
		for i := range maxIdentities + 5 {
			columns = append(columns, fmt.Sprint("c", i))
		}
		values := make([]string, len(columns))
		for i := range values {
			values[i] = "NULL"
		}
		values[0] = "1"
		var messages []wire
		for i := range maxIdentities + 5 {
			leaf := append([]string{}, columns...)
			leaf[i+1] = "*" + leaf[i+1]
			messages = append(messages, description(root, "t", 'd', columns...), description(uint32(100+i), "leaf", 'i', leaf...), old('K', root, values...))
		}
		changes, _ := decodeAll(t, append(messages, old('K', root, values...))...)
		last := changes[len(changes)-1]
		for i, v := range last.Old {
			if (v.State != wal.Absent) != (i == 0) || last.OldFull {
				t.Errorf("column %d is taken for known", i)
			}
		}
	})

	t.Run("a partition that begins to log more makes another version", func(t *testing.T) {
		t.Parallel()
		changes, _ := decodeAll(
			t, rootFull, aFull, old('O', root, "1", "x", "y"), rootFull, bKey, old('O', root, "1", "NULL", "NULL"), old('O', root, "1", "x", "y"),
			rootFull, description(b, "b", 'f', "*v", "*id", "*w"), old('O', root, "1", "NULL", "NULL"),
		)
		type version struct {
			identity wal.Identity
			learned  int
		}
		var got []version
		for _, c := range changes {
			got = append(got, version{c.Relation.Identity, c.Relation.Learned})
		}
		want := []version{{wal.IdentityFull, 0}, {wal.IdentityDefault, 0}, {wal.IdentityDefault, 0}, {wal.IdentityFull, 1}}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(version{})); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// decodeAll decodes the messages of a transaction.
func decodeAll(t *testing.T, messages ...wire) (changes []wal.Change, frames []string) {
	t.Helper()
	d := newDecoder(func(b *wal.Batch) error {
		for i := range b.Changes {
			label := jsonstring.Append(nil, b.Changes[i].Relation.TableName().String())
			frames = append(frames, string(appendEvent(nil, string(label), &b.Changes[i])))
		}
		changes = append(changes, b.Changes...)
		return nil
	})
	answerFrom(d, emptyDatabase{})
	if err := d.decodeChunk(t.Context(), chunkOf(append(append([]wire{begin(100)}, messages...), commit(100, 110))...)); err != nil {
		t.Fatal(err)
	}
	return changes, frames
}
