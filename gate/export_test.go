package gate

// AnswerKey is where an answer of this name is in Redis.
func AnswerKey(name string) string { return answerKey(name).name }
