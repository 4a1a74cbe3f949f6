from collections.abc import Callable, Iterable, Mapping, Sequence

from django.utils.functional import _StrOrPromise
from django_tables2.columns import BoundColumn
from django_tables2.rows import BoundRow

class A(str):
    def resolve(self, context: object, safe: bool = True, quiet: bool = False) -> object: ...

class Column:
    attrs: Mapping[str, Mapping[str, object]]

    def __init__(
        self,
        verbose_name: _StrOrPromise | None = None,
        accessor: str | Callable[..., object] | None = None,
        default: object = None,
        visible: bool = True,
        orderable: bool | None = None,
        attrs: Mapping[str, object] | None = None,
        order_by: str | Sequence[str] | None = None,
        empty_values: Sequence[object] | None = None,
        localize: bool | None = None,
        footer: object = None,
        exclude_from_export: bool = False,
        linkify: object = False,
        initial_sort_descending: bool = False,
    ) -> None: ...

class TemplateColumn(Column):
    def __init__(
        self,
        template_code: str | None = None,
        template_name: str | None = None,
        context_object_name: str = "record",
        extra_context: Mapping[str, object] | None = None,
        **extra: object,
    ) -> None: ...

class Table:
    @property
    def columns(self) -> Iterable[BoundColumn]: ...
    @property
    def rows(self) -> Iterable[BoundRow]: ...
    def __init__(
        self,
        data: Iterable[object] | None = None,
        order_by: str | Sequence[str] | None = None,
        orderable: bool | None = None,
        empty_text: _StrOrPromise | None = None,
        exclude: Sequence[str] | None = None,
        attrs: Mapping[str, object] | None = None,
        row_attrs: Mapping[str, object] | None = None,
        pinned_row_attrs: Mapping[str, object] | None = None,
        sequence: Sequence[str] | None = None,
        prefix: str | None = None,
        order_by_field: str | None = None,
        page_field: str | None = None,
        per_page_field: str | None = None,
        template_name: str | None = None,
        default: object = None,
        request: object = None,
        show_header: bool | None = None,
        show_footer: bool = True,
        extra_columns: Sequence[tuple[str, Column]] | None = None,
    ) -> None: ...
