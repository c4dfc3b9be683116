/** What `import module from './x.wasm'` gives in a Worker. */
declare module '*.wasm' {
  const module: WebAssembly.Module
  export default module
}
