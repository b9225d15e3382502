package gate

import "hash/fnv"

// The names of what we keep in Redis begin with paygate:, so that an ACL for ~paygate:* suffices.
const (
	ratePrefix   = "paygate:rate:"
	answerPrefix = "paygate:answer:"
)

// parts is over how many parts the keys are spread. Those of one part have the same hash tag, so that they
// lie in one slot of a Cluster, and a command may name several of them. A batch costs a Cluster one command
// for each part that it touches, and more nodes than parts would have nothing to do.
const parts = 64

// key is a name in Redis, and the part that it belongs to.
type key struct {
	name string
	part int
}

// newKey is a key of its own for every name; what decides its part stands between the braces.
func newKey(prefix, name string) key {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name)) // it cannot fail
	return keyOf(prefix, name, int(sum.Sum32()%parts))
}

func keyOf(prefix, name string, part int) key {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return key{prefix + "{" + letters[part:part+1] + "}" + name, part}
}

// bucketKey includes the rate: a changed one starts with an empty bucket.
func bucketKey(bucket string, rate Rate) key { return newKey(ratePrefix, bucket+":"+rate.String()) }

func answerKey(name string) key { return newKey(answerPrefix, name) }

// positions of keys in a list that one command may name together: each group is of one part, or all are in
// one group where there are no slots.
func (g *Gate) positions(keys []key) [][]int {
	if !g.clustered {
		all := make([]int, len(keys))
		for i := range all {
			all[i] = i
		}
		return [][]int{all}
	}
	var groups [][]int
	var place [parts]int // of a part's group, plus one
	for i, k := range keys {
		if place[k.part] == 0 {
			groups = append(groups, nil)
			place[k.part] = len(groups)
		}
		at := place[k.part] - 1
		groups[at] = append(groups[at], i)
	}
	return groups
}
