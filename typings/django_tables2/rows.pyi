class BoundRow:
    record: object

    def get_cell(self, name: str) -> str: ...
