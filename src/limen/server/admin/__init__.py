"""The pages of the administration, below `/admin`: one function a page or form, as everywhere in the server.

They are in English, whatever the other pages speak: what operators read is searched for and quoted.
"""
