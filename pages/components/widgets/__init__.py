"""Small pieces that every page is made of."""

DOORS = (
    "banner",
    "buttons",
    "chips",
    "code_editor",
    "code_view",
    "confirm",
    "copy_button",
    "empty_state",
    "fields",
    "filters",
    "icons",
    "modal",
    "moment",
    "section",
    "time_range",
)
