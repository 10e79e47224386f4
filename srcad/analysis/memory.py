"""Temporary."""
import operator
import numpy as np
from srcad import runtime
from srcad.core.nodes import Slice, Value
_VIEW={np.transpose,np.swapaxes,np.moveaxis,np.expand_dims,np.broadcast_to,np.squeeze,np.diagonal,np.flip}
_MAYBE={np.reshape,np.ravel,np.asarray,runtime.spread,runtime.sum_to,runtime.cast}
def memory_of(op,args,options):
    f=op.function
    if f is operator.getitem:
        idx=args[1]; parts=idx if isinstance(idx,tuple) else (idx,)
        for p in parts:
            if isinstance(p,(Slice,int,type(None),type(...))): continue
            t=getattr(p,'type',None)
            if t is not None and t.rank==0 and (t.dtype or '').startswith('int'): continue
            return "fresh" if t is not None and (t.rank or 0)>0 else "maybe"
        return "view"
    if f in _VIEW: return "view"
    if f in _MAYBE: return "maybe"
    if op.name=="move" or f is runtime.stop_gradient: return "same"
    return "fresh"
