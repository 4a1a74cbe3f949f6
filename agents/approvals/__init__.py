"""Approvals: who must be asked before a call goes out, what people say of it, and what of it they change."""
