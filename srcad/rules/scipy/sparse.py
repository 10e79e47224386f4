"""scipy.sparse: systems of a constant sparse matrix; products with one are those of an array of its shape."""

from __future__ import annotations

from typing import Any

from scipy import sparse
from scipy.sparse import linalg

from srcad.core import ops
from srcad.core.quote import call
from srcad.rules.families import constant, linear
from srcad.rules.refused import refused
from srcad.rules.scipy import having

__all__: list[str] = []


@linear(ops.sparse_product.function, wrt=(1,), signature="(m,n),(n,k?)->(m,k?)", stacks=False)
def product(y_bar: Any, A: Any, x: Any) -> Any:
    return None, call(ops.sparse_product.function, call(ops.sparse_transpose.function, A), y_bar)


constant(ops.sparse_transpose.function, reason="sparse matrices are constant")


@linear(linalg.spsolve, ops.sparse_solve.function, wrt=(1,), signature="(n,n),(n,k?)->(n,k?)", stacks=False)  # fmt: skip
def spsolve(y_bar: Any, A: Any, b: Any, *, permc_spec: Any = None, use_umfpack: Any = True) -> Any:
    return None, call(ops.sparse_solve.function, call(ops.sparse_transpose.function, A), y_bar)


refused(
    *having(linalg, "cg bicg bicgstab cgs gmres lgmres minres qmr gcrotmk tfqmr lsqr lsmr"),
    reason="its result depends on how far it was iterated",
    rewrite="Use scipy.sparse.linalg.spsolve, or write the implicit derivative as a rule of srcad.rules.",
)
refused(
    *having(
        linalg, "expm expm_multiply inv eigs eigsh svds lobpcg splu spilu factorized matrix_power"
    ),
    reason="it is of a sparse matrix that varies, or makes an object",
    rewrite="Hold the matrix constant and use `A @ x` and scipy.sparse.linalg.spsolve.",
)
refused(
    *having(
        sparse,
        "csr_array csc_array coo_array bsr_array dia_array dok_array lil_array csr_matrix csc_matrix coo_matrix bsr_matrix "
        "dia_matrix dok_matrix lil_matrix diags diags_array eye eye_array identity kron kronsum block_diag block_array bmat "
        "hstack vstack tril triu",
    ),
    reason="a sparse matrix that varies has no derivative by its elements",
    rewrite="Make the matrix outside of the function, where it is constant.",
)

refused(
    *(op.function for op in ops.SPARSE.values()),
    reason="a sparse matrix that varies has no derivative by its elements",
    rewrite="Scale the product instead of the matrix: `c * (A @ x)`, `x - c * (A @ x)`.",
)
refused(
    *having(
        sparse,
        "expand_dims permute_dims matrix_transpose swapaxes find spdiags rand random random_array load_npz save_npz get_index_dtype "
        "safely_cast_index_arrays sparray spmatrix",
    ),
    reason="it makes or changes a sparse matrix",
    rewrite="Make the matrix outside of the function, where it is constant.",
)
refused(
    *having(
        linalg,
        "funm_multiply_krylov norm onenormest spsolve_triangular use_solver LaplacianNd LinearOperator SuperLU aslinearoperator",
    ),
    reason="there is no rule for it",
    rewrite="Hold the matrix constant and use `A @ x` and scipy.sparse.linalg.spsolve.",
)
constant(
    *having(
        sparse,
        "issparse isspmatrix isspmatrix_bsr isspmatrix_coo isspmatrix_csc isspmatrix_csr isspmatrix_dia isspmatrix_dok isspmatrix_lil",
    ),
    *having(linalg, "is_sptriangular spbandwidth"),
    reason="a truth value, or a whole number",
)
