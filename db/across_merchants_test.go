package db_test

// acrossMerchants are the queries that are not bound to a merchant, by the reason why none of them has to be. Nothing that a
// merchant asks for is among them, but for what finds out who asks.
var acrossMerchants = byQuery(map[string][]string{
	"doctor examines every row of a database": {
		"DoctorAttemptsAreCounted", "DoctorCapturedIsBooked", "DoctorChargesAreOurs", "DoctorDecisionsMove", "DoctorDecisionsSettle",
		"DoctorDeliveriesHaveEvents", "DoctorDeliveriesHaveJobs", "DoctorDeliveriesMove", "DoctorDeliveriesWaitForEndpoints",
		"DoctorEventDeliveries", "DoctorFeesAreBooked", "DoctorLedgerIsSummed", "DoctorOnePaymentPerOrder", "DoctorOrderEvents", "DoctorOutcomesAgree",
		"DoctorPaidOrders", "DoctorPaymentEvents", "DoctorPaymentsMatchOrders", "DoctorPaymentsMove", "DoctorPaymentsSettle",
		"DoctorRefundEvents", "DoctorRefundsAreBooked", "DoctorRefundsArePaid", "DoctorRefundsArePromised", "DoctorRefundsMatchPayments",
		"DoctorRefundsMove", "DoctorRefundsSettle", "DoctorRefundsWithinCaptured", "DoctorWaitsEnd",
	},
	"it finds out who asks: by a key, a session, or an e-mail": {
		"APIKeyByID", "APIKeyBySecret", "APIKeyTouch", "DashboardMerchantByEmail", "DashboardSessionGet", "DashboardUserByEmail", "DashboardUserSetPassword",
	},
	"it looks through a database for what is due, whoever's it is; what it finds is worked on by id": {
		"DashboardRollupDue", "DeliveryAbandonOrphans", "DeliveryExpire", "EndpointFailing", "EndpointWithParked", "EventExpire",
		"IdempotencyPrune", "LedgerSumsDue", "PaymentExpired", "TaskExpire",
	},
	"work in the background, by the id that a job of the same database carries": {
		"CheckoutActionGet", "CheckoutPaymentStates", // by the id of a payment that the page was let in for
		"DeliveryAbandon", "DeliveryAbandonParked", "DeliveryClaim", "DeliveryForAttemptMany", "DeliveryLockMany", "DeliveryParkMany",
		"DeliveryPause", "DeliveryRecordMany", "DeliveryResume", "EndpointDisableMany", "EndpointRecovered", "SecretExpire", "SecretLiveMany",
		"OrderLockUnpaid", "OrderMarkPaid",
		"PaymentBegin", "PaymentFinishMany", "PaymentForWork", "PaymentResume", "PaymentReturnRefunds", "PaymentSettleMany",
		"RefundForWork", "RefundSettleMany", "TaskAdvance", "TaskLock",
	},
	"gathered requests of many merchants, whose rows are locked by id: payments compares each row's merchant with the caller before it changes anything": {
		"OrderLockMany", "OrderMarkAttempted", "PaymentDecideMany", "PaymentLockMany", "PaymentPromiseRefunds",
	},
	"an operator lists the people of all merchants":                               {"DashboardUserListAll"},
	"a merchant's logo is for everybody to see, by a name that tells its content": {"CheckoutLogoGet"},
	"an operator's new key seals the secrets of all merchants again": {
		"SealedCheckoutSecrets", "SealedWebhookHeaders", "SealedWebhookHeadersReplace", "SealedWebhookSecretReplace", "SealedWebhookSecrets",
	},
	"another table of the query is bound, and this one joined by the id that it holds": {
		"DeliveryGet", "DeliveryOfEvent", "DeliveryResendCount", "DeliveryResendMany", "EventMissed", "EventMissedCount",
	},
})

func byQuery(reasons map[string][]string) map[string]string {
	all := map[string]string{}
	for reason, queries := range reasons {
		for _, query := range queries {
			all[query] = reason
		}
	}
	return all
}
