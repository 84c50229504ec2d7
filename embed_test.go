package tablewire_test

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// patience bounds what a test waits for.
const patience = 60 * time.Second

// The examples run as they stand: a client gets a change through each, the application's
// own route answers, and an interrupt ends the program after the clients are sent away.
func TestExamples(t *testing.T) {
	for name, example := range map[string]func(){"net/http": Example, "Gin": Example_gin} {
		t.Run(name, func(t *testing.T) {
			url := pgtest.Separate(t, nil).NewDatabase(t)
			conn := connect(t, url)
			execute(t, conn, `CREATE TABLE orders (id int PRIMARY KEY, status text)`)
			addr := freeAddress(t)
			t.Setenv("DATABASE_URL", url)
			t.Setenv("API_KEY", "the key")
			t.Setenv("LISTEN", addr)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				example()
			}()
			client := follow(t, "ws://"+addr+"/realtime/collections/orders", `{"api_key":"the key"}`)
			want(t, client, `{"event":"connected","collection_id":"orders","filters":{}}`)
			execute(t, conn, `INSERT INTO orders VALUES (1, 'paid')`)
			want(t, client, `{"event":"create","collection_id":"orders","data":{"id":1,"status":"paid"}}`)
			if got := get(t, "http://"+addr+"/livez"); got != "mine\n" {
				t.Errorf("the application's own route answers %q", got)
			}
			interrupt(t)
			_, _, err := client.ReadMessage()
			if !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
				t.Errorf("the client's connection ended with %v, want close code 1012", err)
			}
			_ = client.Close()
			select {
			case <-ended:
			case <-time.After(patience):
				t.Fatal("the program goes on after an interrupt")
			}
		})
	}
}

// A program whose port is taken says so and ends, and does not follow the database.
func TestExamplesTakenPort(t *testing.T) {
	for name, example := range map[string]func(){"net/http": Example, "Gin": Example_gin} {
		t.Run(name, func(t *testing.T) {
			database, taken := listen(t), listen(t)
			t.Setenv("DATABASE_URL", "postgres://app@"+database.Addr().String()+"/shop?sslmode=disable")
			t.Setenv("API_KEY", "the key")
			t.Setenv("LISTEN", taken.Addr().String())
			contacted := make(chan bool, 1)
			go func() {
				conn, err := database.Accept()
				if err == nil {
					_ = conn.Close()
				}
				contacted <- err == nil
			}()
			if said := logOf(example); !strings.Contains(said, "address already in use") {
				t.Errorf("the program says %q", said)
			}
			_ = database.Close()
			if <-contacted {
				t.Error("the program went to the database without a listener")
			}
		})
	}
}

// A program that can't reach its database ends with the reason and what to do.
func TestExamplesToDo(t *testing.T) {
	for name, example := range map[string]func(){"net/http": Example, "Gin": Example_gin} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DATABASE_URL", "postgres://app@"+freeAddress(t)+"/shop?sslmode=disable")
			t.Setenv("API_KEY", "the key")
			t.Setenv("LISTEN", "127.0.0.1:0")
			if said := logOf(example); !strings.Contains(said, "to do: check the host and the port") {
				t.Errorf("the program says %q", said)
			}
		})
	}
}

// The manual shows the example as it stands.
func TestEmbeddingPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/embedding.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(example), "func Example()")
	if !strings.Contains(string(page), "func main()"+body) {
		t.Error("docs/embedding.md shows another program than example_test.go")
	}
}

// logOf returns what a program logs until it ends.
func logOf(program func()) string {
	var said bytes.Buffer
	log.SetOutput(&said)
	defer log.SetOutput(os.Stderr)
	program()
	return said.String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// interrupt does what Ctrl+C does to the program.
func interrupt(t *testing.T) {
	t.Helper()
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(os.Interrupt)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// follow opens a socket and says the first message, as soon as the server takes both.
func follow(t *testing.T, url, hello string) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		conn, response, err := websocket.DefaultDialer.DialContext(ctx, url, nil)
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			if err := conn.WriteMessage(websocket.TextMessage, []byte(hello)); err != nil {
				t.Fatal(err)
			}
			return conn
		}
		if response != nil {
			_ = response.Body.Close()
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			t.Fatalf("no server at %s: %v", url, err)
		}
	}
}

func want(t *testing.T, conn *websocket.Conn, message string) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	_, got, err := conn.ReadMessage()
	if err != nil {
		t.Fatalf("want %s: %v", message, err)
	}
	if string(got) != message {
		t.Fatalf("got %s\nwant %s", got, message)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
