//! Target tools as data: what each reads, where, and which rights it needs.
