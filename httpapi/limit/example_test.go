package limit_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/tablewire/tablewire/httpapi/limit"
)

// A connection that may send two messages at once.
func Example() {
	limits, err := limit.New(limit.Config{
		MessageRate: 0.001, MessageBurst: 2, AddressMessageRate: -1,
		MaxConnections: 10, MaxConnectionsPerAddress: 10, AddressConnectionRate: -1, MaxUnauthenticated: 10,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var client limit.Client
	if rejection := limits.Admit(&client, netip.MustParseAddr("203.0.113.5")); rejection != nil {
		fmt.Println(rejection)
		return
	}
	defer limits.Release(&client)
	limits.Authenticated(&client)
	for range 3 {
		verdict := limits.Charge(&client, 100, false)
		fmt.Println(verdict == limit.Accept)
	}
	fmt.Println(limits.Error(limit.Drop).Detail)
	fmt.Println(limits.Hits(limit.Messages), limit.Messages)
	// Output:
	// true
	// true
	// false
	// more than 0.001 messages a second: this one was dropped
	// 1 messages
}

func ExampleProxies_ClientIP() {
	proxies, _ := limit.ParseProxies([]string{"10.0.0.0/8"})
	r := &http.Request{RemoteAddr: "10.1.2.3:443", Header: http.Header{"X-Forwarded-For": {"1.1.1.1, 203.0.113.5, 10.9.9.9"}}}
	fmt.Println(proxies.ClientIP(r)) // what is left of it is the client's own word
	// Output: 203.0.113.5
}

// A line that a client can cause without end.
func ExampleLogLimiter() {
	var lines limit.LogLimiter[string]
	now := time.Now()
	for i, client := range []string{"alice", "bob", "carol"} {
		if count := lines.Add(now.Add(time.Duration(i)*time.Second), client); count > 0 {
			fmt.Println(client, "hit a limit, count", count)
		}
	}
	if client, count := lines.Flush(now.Add(limit.LogInterval)); count > 0 {
		fmt.Println(client, "hit a limit, count", count)
	}
	// Output:
	// alice hit a limit, count 1
	// carol hit a limit, count 2
}
