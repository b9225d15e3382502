import type { PaymentGatewayOptions, PaymentSuccess } from './types';
/** What `pay()` is rejected with. */
export declare class CheckoutError extends Error {
    readonly code: string;
    readonly paymentId: string | undefined;
    constructor(code: string, message: string, paymentId?: string);
}
/** Shows the gateway's payment page, and tells what came of it. */
export declare class PaymentGateway {
    #private;
    /** Where this script came from; set by the entry that is loaded. */
    static origin: string;
    constructor(options: PaymentGatewayOptions);
    /** Shows the payment page. Does nothing when it is shown already. */
    open(): void;
    /**
     * Asks to close. While a payment is under way the customer is asked first, because closing does not
     * stop it.
     */
    close(): void;
    /** Takes everything away at once, without a question or a callback. */
    destroy(): void;
    /** Opens, and resolves when the payment is confirmed. It rejects with a CheckoutError when it is not. */
    pay(): Promise<PaymentSuccess>;
}
