package demo

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
)

// tableButtons has the statements that the page's two buttons run for a table.
type tableButtons struct {
	insert func() string             // statement of "Make a row"; nil if the table has no such button
	update func(where string) string // statement of "Change a row", for the row that a condition selects
	key    string                    // name of the key's column
}

// buttons has the statements of each table of the demo.
var buttons = map[string]tableButtons{
	"orders": {
		insert: func() string {
			c := customers[rand.IntN(len(customers))]
			return fmt.Sprintf("INSERT INTO orders (customer, city, total, items) VALUES (%s, %s, %d.50, %s)",
				quoteLiteral(c.name), quoteLiteral(c.city), 42+rand.IntN(50), quoteLiteral(`[{"sku": "TEA-02", "qty": 2}]`))
		},
		update: func(where string) string { return "UPDATE orders SET total = total + 5 WHERE " + where },
		key:    "id",
	},
	"products": {
		update: func(where string) string { return "UPDATE products SET price = price + 0.50 WHERE " + where },
		key:    "sku",
	},
	"couriers": {
		update: func(where string) string {
			return "UPDATE couriers SET lat = round((lat + 0.001)::numeric, 5) WHERE " + where
		},
		key: "id",
	},
	"reviews": {
		insert: func() string {
			r := reviews[rand.IntN(len(reviews))]
			return fmt.Sprintf("INSERT INTO reviews (sku, stars, author, body) VALUES ('TEA-01', %d, %s, %s)",
				r.stars, quoteLiteral(customers[rand.IntN(len(customers))].name), quoteLiteral(r.body))
		},
		update: func(where string) string { return "UPDATE reviews SET author = author || '!' WHERE " + where },
		key:    "id",
	},
}

// keyText matches the keys of the demo's tables: numbers, SKUs and UUIDs.
var keyText = regexp.MustCompile(`^[A-Za-z0-9-]{1,40}$`)

// statement returns the statement that the request asks for. Its errors are for the person at
// the page.
func (c changeRequest) statement() (string, error) {
	s, ok := buttons[c.Collection]
	switch {
	case !ok:
		return "", errors.New("the demo has no such table")
	case c.Insert && s.insert == nil:
		return "", errors.New("the demo can't add rows to this table")
	case c.Insert:
		return s.insert(), nil
	case c.Key == "":
		return s.update(fmt.Sprintf("%[1]s = (SELECT %[1]s FROM %[2]s ORDER BY %[1]s DESC LIMIT 1)", s.key, c.Collection)), nil
	case !keyText.MatchString(c.Key):
		return "", errors.New("the row's key can't be understood")
	}
	key := c.Key
	if _, err := strconv.ParseInt(key, 10, 64); err != nil {
		key = quoteLiteral(key)
	}
	return s.update(s.key + " = " + key), nil
}

// quoteLiteral returns s as a string constant of SQL.
func quoteLiteral(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
