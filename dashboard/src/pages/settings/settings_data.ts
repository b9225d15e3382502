export interface Settings {
  merchant: { id: string; name: string; email: string }
  rate_limit: string | null
  rate_limit_default: string
  fee_bps: number
  fee_fixed: number
  branding: { display_name: string | null; accent: string | null; logo: string | null }
  checkout_origins: string[]
}
