from django_tables2 import Column

class BoundColumn:
    name: str
    column: Column
