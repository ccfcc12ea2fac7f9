export const signIn = {
  title: 'Sign in',
  lead: 'Manage this gateway with its admin key.',
  key: 'Admin key',
  hint: 'It was printed at the first start, or is set as ADMIN_ACCESS_KEY.',
  show: 'Show key',
  hide: 'Hide key',
  submit: 'Sign in',
  working: 'Signing in…',
  empty: 'Enter the admin key.',
  wrong: 'That is not the admin key of this gateway.',
  throttled: (wait: string) => `Too many wrong keys from your address. Try again in ${wait}.`,
}
