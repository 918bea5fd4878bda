"""Who is at the browser. Until there is a sign-in, everybody on this machine is the same person."""


def me() -> str:
    return "local"
