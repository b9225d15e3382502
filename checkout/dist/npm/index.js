// sdk/loader.ts
var loading = /* @__PURE__ */ new Map();
function loadPaymentGateway(options) {
  if (typeof window === "undefined" || typeof document === "undefined") return Promise.resolve(null);
  if (window.PaymentGateway) return Promise.resolve(window.PaymentGateway);
  const known = loading.get(options.src);
  if (known) return known;
  const promise = load(options, options.retries ?? 2, 500).catch((error) => {
    loading.delete(options.src);
    throw error;
  });
  loading.set(options.src, promise);
  return promise;
}
async function load(options, retries, pause) {
  try {
    return await inject(options);
  } catch (error) {
    if (retries <= 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, pause));
    return load(options, retries - 1, pause * 3);
  }
}
function inject({ src, integrity }) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    script.async = true;
    if (integrity) {
      script.integrity = integrity;
      script.crossOrigin = "anonymous";
    }
    script.onload = () => {
      if (window.PaymentGateway) resolve(window.PaymentGateway);
      else reject(new Error(`${src} is not Paygate's checkout.js`));
    };
    script.onerror = () => {
      script.remove();
      reject(new Error(`${src} did not load`));
    };
    document.head.append(script);
  });
}
export {
  loadPaymentGateway
};
