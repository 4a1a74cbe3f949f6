"""Documents as they are found in the world, and as nobody should be able to use them."""

SHOP = """\
openapi: 3.0.3
info: {title: Shop, version: "1.10"}
servers:
  - url: "https://{region}.shop.example/v1/"
    variables: {region: {default: eu}}
paths:
  /orders/{order-id}:
    parameters:
      - {name: order-id, in: path, required: true, schema: {type: integer, format: int64, maximum: 9223372036854775807}}
    get:
      operationId: orders.get
      summary: An order.
      description: An order. With its items.
      parameters:
        - {name: "fields[]", in: query, schema: {type: array, items: {type: string, enum: [items, customer]}}}
        - {name: expand, in: query, explode: false, schema: {type: array, items: {type: string}}}
        - {name: X-Trace, in: header, schema: {type: string}}
      responses: {200: {description: ok}}
    patch:
      summary: Change an order
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: "#/components/schemas/Change"}}
      responses: {200: {description: ok}}
    delete: {operationId: orders.get, responses: {204: {description: gone}}}
  /orders:
    post:
      operationId: create order!
      requestBody: {$ref: "#/components/requestBodies/Order"}
      responses: {201: {description: made}}
  /trees:
    put:
      operationId: plant
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Tree"}}}}
      responses: {200: {description: ok}}
  /items/{id}:
    put:
      operationId: replace
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      requestBody:
        content:
          application/merge-patch+json: {schema: {type: object, properties: {id: {type: string}, on: {type: string}}}}
      responses: {200: {description: ok}}
  /upload:
    post:
      operationId: upload
      requestBody: {required: true, content: {multipart/form-data: {schema: {type: object}}}}
      responses: {200: {description: ok}}
  /login:
    get:
      operationId: login
      parameters: [{name: session, in: cookie, required: true, schema: {type: string}}]
      responses: {200: {description: ok}}
components:
  requestBodies:
    Order:
      content:
        application/json:
          schema:
            allOf:
              - $ref: "#/components/schemas/Change"
              - type: object
                required: [sku]
                properties: {sku: {type: string, pattern: "^[A-Z]{2}$"}}
  schemas:
    Change:
      type: object
      required: [id, amount]
      properties:
        id: {type: integer, readOnly: true}
        amount: {type: number, minimum: 0, exclusiveMinimum: true, nullable: true}
        note: {type: string, nullable: true, example: none, x-own: 1}
        status: {$ref: "#/components/schemas/Status"}
    Status: {type: string, enum: [open, closed], nullable: true, description: Where it is.}
    Tree:
      type: object
      required: [label]
      properties:
        label: {type: string}
        children: {type: array, items: {$ref: "#/components/schemas/Tree"}}
"""


def bomb(levels: int) -> dict[str, object]:
    """A document whose schema doubles with each level when it is written out."""
    schemas: dict[str, object] = {
        f"S{n}": {"type": "object", "properties": {side: {"$ref": f"#/components/schemas/S{n + 1}"} for side in "ab"}}
        for n in range(levels)
    }
    schemas[f"S{levels}"] = {"type": "string"}
    return with_body({"$ref": "#/components/schemas/S0"}, schemas)


def with_body(schema: object, schemas: dict[str, object] | None = None) -> dict[str, object]:
    """A document with one operation, whose body has that schema."""
    content = {"application/json": {"schema": schema}}
    return {
        "openapi": "3.1.0",
        "servers": [{"url": "https://api.example"}],
        "paths": {"/x": {"post": {"operationId": "x", "requestBody": {"required": True, "content": content}}}},
        "components": {"schemas": schemas or {}},
    }
