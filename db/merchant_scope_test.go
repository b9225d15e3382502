package db_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/wasilibs/go-pgquery/parser"
)

// merchantColumn is the column by which a table's rows belong to merchants.
const merchantColumn = "merchant_id"

// TestQueriesNameTheMerchant parses every query that sqlc compiles. Each table of a merchant's rows that a query reads or
// changes must be bound to a merchant there: by an equation, of its merchant_id with an argument or with that of a table
// that is bound itself. Exceptions are in acrossMerchants, with their reason.
//
// Isolation depends on it, and so does every plan that puts merchants on machines of their own (docs/scaling.md).
func TestQueriesNameTheMerchant(t *testing.T) {
	t.Parallel()

	owners := tablesOfMerchants(t)
	unused := maps.Clone(acrossMerchants)
	var checked int
	for _, query := range compiledQueries(t) {
		checked++
		free := unbound(t, owners, query.sql)
		if len(free) == 0 {
			continue
		}
		if acrossMerchants[query.name] != "" {
			delete(unused, query.name)
			continue
		}
		t.Errorf("%s (%s) is not bound to a merchant in %s", query.name, query.file, strings.Join(free, ", "))
	}
	require.Greater(t, checked, 100, "the generated files have another form than expected")
	require.Empty(t, unused, "these exceptions are for queries that are bound, or gone")
}

type compiledQuery struct{ name, file, sql string }

func compiledQueries(t *testing.T) []compiledQuery {
	t.Helper()
	var all []compiledQuery
	files, err := filepath.Glob("dbsqlc/*.sql.go")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range queryText.FindAllStringSubmatch(string(text), -1) {
			all = append(all, compiledQuery{match[1], filepath.Base(file), match[2]})
		}
	}
	return all
}

// tablesOfMerchants are the tables that the migrations leave with a merchant_id, and the column's name there; that of
// merchants is its id.
func tablesOfMerchants(t *testing.T) map[string]string {
	t.Helper()
	owners := map[string]string{"merchants": "id"}
	files, err := filepath.Glob("migrations/*.sql")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		for _, statement := range parse(t, up).all("CreateStmt") {
			name := statement.in("relation").text("relname")
			for _, column := range statement.all("ColumnDef") {
				if column.text("colname") == merchantColumn {
					owners[name] = merchantColumn
				}
			}
		}
	}
	require.Greater(t, len(owners), 15)
	return owners
}

// tree is a part of Postgres' own parse tree, as JSON.
type tree map[string]any

func parse(t *testing.T, sql string) tree {
	t.Helper()
	text, err := parser.ParseToJSON(sql)
	require.NoError(t, err, sql)
	var parsed tree
	require.NoError(t, json.Unmarshal([]byte(text), &parsed))
	return parsed
}

func (n tree) in(name string) tree {
	child, _ := n[name].(map[string]any)
	return child
}

func (n tree) text(name string) string {
	value, _ := n[name].(string)
	return value
}

// children are all parts below, in a stable order.
func (n tree) children() []tree {
	var all []tree
	var add func(value any)
	add = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			all = append(all, value)
		case []any:
			for _, item := range value {
				add(item)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(n)) {
		add(n[name])
	}
	return all
}

// all returns every part of a kind, however deep.
func (n tree) all(kind string) []tree {
	var found []tree
	if node, ok := n[kind].(map[string]any); ok {
		found = append(found, node)
	}
	for _, child := range n.children() {
		found = append(found, child.all(kind)...)
	}
	return found
}

// scope is one SELECT, UPDATE, DELETE or INSERT: the tables it names, and what its conditions set equal.
type scope struct {
	outer *scope
	// names are the tables of merchants in this scope by what columns call them, with their owner's column.
	names map[string]string
	bound map[string]bool
	equal [][2]column
}

// column is a side of an equation: a column, or an argument when name is empty.
type column struct{ table, name string }

// unbound lists the tables of merchants that sql reads or changes without being bound to a merchant.
func unbound(t *testing.T, owners map[string]string, sql string) []string {
	t.Helper()
	var free []string
	free = walk(owners, nil, parse(t, sql), free)
	return free
}

var statements = []string{"SelectStmt", "UpdateStmt", "DeleteStmt", "InsertStmt"}

func walk(owners map[string]string, outer *scope, node tree, free []string) []string {
	for _, kind := range statements {
		if statement, ok := node[kind].(map[string]any); ok {
			return examine(owners, outer, kind, statement, free)
		}
	}
	for _, child := range node.children() {
		free = walk(owners, outer, child, free)
	}
	return free
}

func examine(owners map[string]string, outer *scope, kind string, statement tree, free []string) []string {
	s := &scope{outer: outer, names: map[string]string{}, bound: map[string]bool{}}
	// A set operation has its sides for statements.
	if statement.text("op") != "" && statement.text("op") != "SETOP_NONE" {
		for _, side := range []string{"larg", "rarg"} {
			free = examine(owners, outer, kind, statement.in(side), free)
		}
		return free
	}
	s.collect(owners, kind, statement)
	s.bind()
	for _, name := range slices.Sorted(maps.Keys(s.names)) {
		if !s.bound[name] {
			free = append(free, name)
		}
	}
	for _, child := range statement.children() {
		free = walk(owners, s, child, free)
	}
	return free
}

// collect reads the tables and equations of one statement, without the statements inside it.
func (s *scope) collect(owners map[string]string, kind string, statement tree) {
	if kind == "InsertStmt" {
		table := statement.in("relation").text("relname")
		if owner := owners[table]; owner != "" {
			s.names[table] = owner
			for _, target := range statement.all("ResTarget") {
				// What is inserted says whose it is.
				s.bound[table] = s.bound[table] || target.text("name") == owner
			}
		}
		return
	}
	var read func(node tree)
	read = func(node tree) {
		for _, inner := range statements {
			if _, ok := node[inner]; ok {
				return
			}
		}
		if table, ok := node["RangeVar"].(map[string]any); ok {
			s.add(owners, table)
		}
		if condition, ok := node["BoolExpr"].(map[string]any); ok && condition["boolop"] != "AND_EXPR" {
			return // what need not hold, or must not
		}
		if expression, ok := node["A_Expr"].(map[string]any); ok {
			s.equation(expression)
		}
		for _, child := range node.children() {
			read(child)
		}
	}
	if relation := statement.in("relation"); relation != nil {
		s.add(owners, relation)
	}
	for _, part := range []string{"fromClause", "usingClause", "whereClause"} {
		read(tree{part: statement[part]})
	}
}

func (s *scope) add(owners map[string]string, table tree) {
	owner := owners[table.text("relname")]
	if owner == "" || table.text("schemaname") == "acquirer" {
		return
	}
	name := table.text("relname")
	if alias := table.in("alias").text("aliasname"); alias != "" {
		name = alias
	}
	s.names[name] = owner
}

// equation notes a = b, (a, …) = (b, …), and a = ANY (argument).
func (s *scope) equation(expression tree) {
	names, _ := expression["name"].([]any)
	if len(names) != 1 {
		return
	}
	operator, _ := names[0].(map[string]any)
	if tree(operator).in("String").text("sval") != "=" {
		return
	}
	left, right := sides(expression.in("lexpr")), sides(expression.in("rexpr"))
	if len(left) == len(right) {
		for i := range left {
			s.equal = append(s.equal, [2]column{left[i], right[i]})
		}
	}
}

// sides are the columns and arguments of one side; what is neither is a column that binds nothing.
func sides(node tree) []column {
	if row, ok := node["RowExpr"].(map[string]any); ok {
		var all []column
		items, _ := row["args"].([]any)
		for _, item := range items {
			part, _ := item.(map[string]any)
			all = append(all, sides(part)...)
		}
		return all
	}
	if cast, ok := node["TypeCast"].(map[string]any); ok {
		return sides(tree(cast).in("arg"))
	}
	if _, ok := node["ParamRef"]; ok {
		return []column{{}}
	}
	if reference, ok := node["ColumnRef"].(map[string]any); ok {
		var parts []string
		fields, _ := reference["fields"].([]any)
		for _, field := range fields {
			part, _ := field.(map[string]any)
			parts = append(parts, tree(part).in("String").text("sval"))
		}
		if len(parts) == 1 {
			return []column{{name: parts[0]}}
		}
		return []column{{table: parts[len(parts)-2], name: parts[len(parts)-1]}}
	}
	return []column{{name: fmt.Sprint(node)}}
}

// bind follows the equations from arguments until nothing is bound any more.
func (s *scope) bind() {
	for changed := true; changed; {
		changed = false
		for _, pair := range s.equal {
			for i := range pair {
				name, ok := s.owned(pair[i])
				if ok && !s.bound[name] && s.binds(pair[1-i]) {
					s.bound[name], changed = true, true
				}
			}
		}
	}
}

// owned returns the table whose owner a column is, when it is one of this scope.
func (s *scope) owned(c column) (string, bool) {
	if c.table != "" {
		return c.table, s.names[c.table] == c.name && c.name != ""
	}
	// Without a table, it is that of the only one there is.
	for name, owner := range s.names {
		if len(s.names) == 1 && owner == c.name {
			return name, true
		}
	}
	return "", false
}

// binds tells whether a value is known to be one merchant's: an argument, the owner of a table that is bound, or a
// column of something that is no table of merchants and so was made of arguments, or of what is examined itself.
func (s *scope) binds(c column) bool {
	if c == (column{}) {
		return true
	}
	for at := s; at != nil; at = at.outer {
		if name, ok := at.owned(c); ok {
			return at.bound[name]
		}
	}
	return c.name == merchantColumn
}

func TestUnboundTablesAreSeen(t *testing.T) {
	t.Parallel()

	owners := map[string]string{"merchants": "id", "payments": merchantColumn, "refunds": merchantColumn}
	for sql, free := range map[string][]string{
		"SELECT * FROM payments WHERE merchant_id = $1 AND id = $2":                                                                nil,
		"SELECT * FROM payments WHERE id = $1":                                                                                     {"payments"},
		"SELECT * FROM payments WHERE merchant_id = $1 OR id = $2":                                                                 {"payments"},
		"SELECT * FROM payments WHERE NOT merchant_id = $1":                                                                        {"payments"},
		"SELECT * FROM payments WHERE merchant_id <> $1":                                                                           {"payments"},
		"SELECT * FROM payments WHERE merchant_id = merchant_id":                                                                   {"payments"},
		"SELECT * FROM payments p JOIN refunds r ON r.payment_id = p.id WHERE p.merchant_id = $1":                                  {"r"},
		"SELECT * FROM payments p JOIN refunds r ON r.merchant_id = p.merchant_id WHERE p.merchant_id = $1":                        nil,
		"SELECT * FROM payments p JOIN refunds r ON r.merchant_id = p.merchant_id":                                                 {"p", "r"},
		"SELECT * FROM payments p WHERE (p.merchant_id, p.id) = ($1::uuid, $2)":                                                    nil,
		"SELECT * FROM payments p WHERE p.merchant_id = ANY ($1::uuid[])":                                                          nil,
		"SELECT m.name FROM merchants m WHERE m.id = $1":                                                                           nil,
		"SELECT m.name FROM merchants m WHERE m.email = $1":                                                                        {"m"},
		"SELECT (SELECT count(*) FROM refunds) FROM payments p WHERE p.merchant_id = $1":                                           {"refunds"},
		"SELECT * FROM payments p WHERE p.merchant_id = $1 AND EXISTS (SELECT FROM refunds r WHERE r.merchant_id = p.merchant_id)": nil,
		"SELECT id FROM payments WHERE merchant_id = $1 UNION ALL SELECT id FROM refunds":                                          {"refunds"},
		"WITH old AS (SELECT id FROM payments) SELECT * FROM old":                                                                  {"payments"},
		"UPDATE payments SET status = 'failed' WHERE id = $1":                                                                      {"payments"},
		"UPDATE payments p SET status = 'failed' FROM unnest($1::uuid[]) u (merchant_id) WHERE p.merchant_id = u.merchant_id":      nil,
		"DELETE FROM refunds WHERE merchant_id = $1":                                                                               nil,
		"DELETE FROM refunds WHERE created_at < $1":                                                                                {"refunds"},
		"INSERT INTO payments (merchant_id, id) VALUES ($1, $2)":                                                                   nil,
		"INSERT INTO payments (id) VALUES ($1)":                                                                                    {"payments"},
		"INSERT INTO payments (merchant_id, id) SELECT merchant_id, id FROM refunds":                                               {"refunds"},
	} {
		require.Equal(t, free, unbound(t, owners, sql), sql)
	}
}
