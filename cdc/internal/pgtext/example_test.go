package pgtext_test

import (
	"fmt"

	"github.com/tablewire/tablewire/cdc/internal/pgtext"
)

func ExampleEncoder() {
	const timestamptzArray = 1185
	t, _ := pgtext.Builtin(timestamptzArray, -1)
	enc := pgtext.Encoder(t)
	fmt.Println(t)
	fmt.Println(string(enc(nil, []byte(`{"2024-05-06 07:08:09.5+00",NULL,infinity}`))))
	// Output:
	// timestamp with time zone[]
	// ["2024-05-06T07:08:09.5Z",null,"infinity"]
}
