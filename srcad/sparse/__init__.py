"""Which inputs each output may depend on, and how few products tell all entries of a sparse Jacobian.

`matrices` are sets of dependences as CSR, `propagation` walks Core, `operations` is its table by families, `coloring` groups columns and
`compression` is a plan of seeds and of where their products go.
"""
