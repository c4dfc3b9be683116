/** What `import module from '....wasm'` gives in a Worker; tsconfig.workerd.json maps all such imports here. */
declare const module: WebAssembly.Module
export default module
