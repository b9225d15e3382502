package main

import "time"

// lifetimeSettings is how long payments may wait before they are canceled.
type lifetimeSettings struct {
	AuthorizationLifetime time.Duration `name:"authorization-lifetime" env:"AUTHORIZATION_LIFETIME" default:"168h" min:"1m" help:"After how long an authorized payment that nobody captures is canceled."`
	ActionLifetime        time.Duration `name:"action-lifetime" env:"ACTION_LIFETIME" default:"1h" min:"1m" help:"After how long a payment whose customer does not take the bank's step is canceled."`
}
