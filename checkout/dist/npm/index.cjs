"use strict";
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

// sdk/loader.ts
var loader_exports = {};
__export(loader_exports, {
  loadPaymentGateway: () => loadPaymentGateway
});
module.exports = __toCommonJS(loader_exports);
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
