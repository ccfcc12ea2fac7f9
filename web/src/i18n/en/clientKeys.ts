export const clientKeys = {
  title: 'Keys',
}
