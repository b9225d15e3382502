package metrics

import "time"

func (m *Metrics) addJobs() {
	m.jobTimes = m.histogram("job_duration_seconds", "Attempts of jobs by kind and outcome (ok, snoozed, failed, panicked), and how long they took.",
		jobBuckets, "kind", "outcome")
	m.jobWaits = m.histogram("job_wait_seconds", "How long jobs waited for a worker after their time had come.", waitBuckets, "queue")
}

// Job counts one attempt of a job. wait is from when it was due to when it began.
func (m *Metrics) Job(kind, queue, outcome string, wait, took time.Duration) {
	if m == nil {
		return
	}
	m.jobTimes.WithLabelValues(kind, outcome).Observe(took.Seconds())
	m.jobWaits.WithLabelValues(queue).Observe(max(wait, 0).Seconds())
}
