/** What a payment that succeeded is reported as, after the gateway's server has confirmed it. */
export interface PaymentSuccess {
    /** The payment's id, `pay_…`. */
    paymentId: string;
    /** The order that was paid, `order_…`. */
    orderId: string;
    /** `success`, or `authorized` for an order whose payments are captured later. */
    status: string;
    /**
     * HMAC-SHA256 of `orderId|paymentId` under the merchant's checkout secret, in hexadecimal. Anything that
     * a browser says can be made up: have your server check it before you ship anything.
     */
    signature: string;
}
/** Why a payment, or the page itself, failed. */
export interface PaymentFailure {
    /** Stable: `card_declined`, `insufficient_funds`, …; `load_failed` or `not_found` when there was nothing to pay. */
    code: string;
    /** For people, in the page's language. */
    message: string;
    orderId: string;
    /** Set when there was a payment. */
    paymentId?: string;
    /** `failed` or `canceled` for a payment, `error` for the page itself. */
    status: string;
}
/** How the page was left. */
export interface CloseInfo {
    reason: 'escape' | 'backdrop' | 'button' | 'done' | 'api';
    /** What was known then; `processing` means that a payment was under way, and may still succeed. */
    status: 'idle' | 'processing' | 'success' | 'failed';
}
/** What happens in between, for measuring; nothing here is needed to take a payment. */
export type CheckoutEvent = 'loaded' | 'closed' | 'method_selected' | 'payment_started' | 'payment_requires_action' | 'payment_success' | 'payment_failed' | 'network_lost' | 'network_back' | 'error';
export type ThemeMode = 'auto' | 'light' | 'dark';
export interface PaymentGatewayOptions {
    /** The publishable key, `key_…`. Never the secret one. */
    key: string;
    /** The order to be paid, made by your server. */
    orderId: string;
    /** Called once, when the server has confirmed the payment. */
    onSuccess?: (result: PaymentSuccess) => void;
    /** Called for each payment that failed; the customer may try again on the page. */
    onFailure?: (error: PaymentFailure) => void;
    /** Called when the page was closed, whatever came of the payment. */
    onClose?: (info: CloseInfo) => void;
    onEvent?: (name: CheckoutEvent, data: Record<string, unknown>) => void;
    /** What you know of the customer already. Card numbers cannot be given. */
    prefill?: {
        name?: string;
        vpa?: string;
        bank?: string;
        method?: 'card' | 'upi' | 'netbanking';
    };
    /** A mode, or a mode with a colour (`#rrggbb`) for buttons. Default: the customer's own setting. */
    theme?: ThemeMode | {
        mode?: ThemeMode;
        accent?: string;
    };
    /** `en` or `hi`. Default: the customer's own. */
    locale?: string;
    /** An element, or its selector, to show the page in; without it, it opens as a dialog. */
    container?: Element | string;
    /** Where the gateway is. Default: where this script came from. */
    baseUrl?: string;
}
