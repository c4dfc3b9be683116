export default { fetch: () => new Response('of the tests') }
