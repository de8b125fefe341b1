from shopfolio.core.admin import audience, blog, csp, policy, portfolio, resume, site

__all__ = ["audience", "blog", "csp", "policy", "portfolio", "resume", "site"]
