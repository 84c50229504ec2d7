package filter

import (
	"fmt"
)

// compiler collects the clauses of one filter, member by member.
type compiler struct {
	resolver
	groups  []group
	named   map[string]int // by a group's name: its index in groups
	clauses int
	items   int // of all lists
}

// add compiles one member of the client's object.
func (c *compiler) add(m *member) error {
	groupName, rest, inGroup, err := splitGroup(m.name)
	if f, ok := c.exactly(m.name); ok {
		// A column may be called anything, "[or]x" included.
		return c.addTargets(m, []target{{field: f, bare: true}}, len(c.groups))
	}
	if err != nil {
		return err
	}
	targets, err := c.resolve(rest, inGroup)
	if err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	at := len(c.groups)
	if inGroup {
		if known, ok := c.named[groupName]; ok {
			at = known
		}
		c.named[groupName] = at
	}
	return c.addTargets(m, targets, at)
}

// addTargets compiles one clause for each target of a member, into the group at.
func (c *compiler) addTargets(m *member, targets []target, at int) error {
	if c.clauses += len(targets); c.clauses > MaxClauses {
		return fmt.Errorf("filters: more than %d clauses", MaxClauses)
	}
	if at == len(c.groups) {
		c.groups = append(c.groups, nil)
	}
	for i := range targets {
		cl, err := newClause(&targets[i], m.value)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if len(cl.operands) > 1 {
			c.items += len(cl.operands)
		}
		if c.items > MaxItems {
			return fmt.Errorf("%s: the lists have more than %d items", m.name, MaxItems)
		}
		c.groups[at] = append(c.groups[at], term{cl, cl.key(targets[i].field.column.Name)})
	}
	return nil
}
