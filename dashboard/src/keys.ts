export interface Key { id: string; name: string; created_at: string; expires_at: string | null; revoked_at: string | null; last_used_at?: string | null; secret?: string }

/** What has become of a key: it is live until it is revoked, or replaced and then over. */
export const stateOf = (key: Key, now = Date.now()): 'live' | 'expiring' | 'expired' | 'revoked' =>
  key.revoked_at ? 'revoked' : key.expires_at ? (new Date(key.expires_at).getTime() <= now ? 'expired' : 'expiring') : 'live'
