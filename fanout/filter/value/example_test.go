package value_test

import (
	"fmt"

	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// A client's literal and a row's text are read in different ways, and compared as PostgreSQL
// compares them.
func Example() {
	numeric := value.OpclassOf(&wal.Type{Name: "numeric", Kind: wal.KindNumeric})

	literal, err := numeric.Literal("1e2")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"9.5", "100.00", "1000"} {
		d, _ := numeric.Read([]byte(text))
		fmt.Println(text, numeric.Compare(d, literal), numeric.Hash(d) == numeric.Hash(literal))
	}

	_, err = numeric.Literal("many")
	fmt.Println(`"many"`, err)
	// Output:
	// 9.5 -1 false
	// 100.00 0 true
	// 1000 1 false
	// "many" is not a number
}
