export const errors = {
  wrong_key: 'That is not the admin key of this gateway.',
  cross_origin: 'The gateway refuses changes from another address than its own.',
  store_invalid: 'The stored configuration is broken. Its file needs a repair first.',
  unreachable: 'The gateway cannot be reached.',
  unexpected: 'The gateway answered in an unexpected way.',
  unauthorized: 'Your session has ended. Sign in again.',
  not_found: 'It no longer exists.',
  conflict: 'It was changed by somebody else meanwhile.',
  throttled: 'Too many attempts. Wait a little.',
  invalid: 'Some fields need another look.',
  store_unavailable: 'The configuration cannot be stored right now.',
  upstream_failed: 'The upstream did not do what it was asked.',
} as Readonly<Record<string, string>>
