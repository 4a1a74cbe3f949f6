"""The ids under which the live feed finds the cells of tools and links."""

from django import template

from console.live.tool_ops import element_of, row_of

register = template.Library()
register.filter("link_id", element_of)
register.filter("row_id", row_of)
