"""The public status page: ``/status/{slug}``, plain HTML that needs neither login, script nor websocket."""
